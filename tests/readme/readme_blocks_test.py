#!/usr/bin/env python3
"""That the test of README.md can fail: what it runs, what it leaves out, and how it ends."""
import pathlib
import subprocess
import sys
import tempfile

from readme_blocks import blocks, digests

TEXT = """# Title
```sh
first
```
<!-- not run: builds -->
```sh
left out
```
```text
digest 0123456789abcdef0123456789abcdef
```
```sh
second
third
```
"""


def status(readme):
    """Of readme_test.py on a source folder with this README.md."""
    with tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder, "source")
        for name in ("data", "launch"):
            (source / name).mkdir(parents=True)
        (source / "README.md").write_text(readme)
        test = pathlib.Path(__file__).with_name("readme_test.py")
        done = subprocess.run(
            [sys.executable, test, source, folder + "/work", "/bin/true"], capture_output=True, text=True
        )
        return done.returncode, done.stderr


def main():
    assert blocks(TEXT, "sh") == [(3, "first\n"), (13, "second\nthird\n")], blocks(TEXT, "sh")
    assert digests(TEXT) == ["0123456789abcdef0123456789abcdef"]
    try:
        blocks("```sh\nno end", "sh")
        raise AssertionError("a block without an end was taken")
    except ValueError:
        pass

    assert status("#\n```sh\ntrue\n```\n")[0] == 0
    code, message = status("#\n\n```sh\ntrue\nfalse\ntrue\n```\n")
    assert code != 0 and "README.md:5: status 1: false" in message, message
    assert status("#\n<!-- not run: no time -->\n```sh\nfalse\n```\n")[0] != 0
    assert status("#\n```sh\nfalse | true\n```\n")[0] != 0
    shown = TEXT[TEXT.index("```text") : TEXT.rindex("```sh")]
    assert status("#\n```sh\necho 0123456789abcdef0123456789abcdef\n```\n" + shown)[0] == 0
    code, message = status("#\n```sh\ntrue\n```\n" + shown)
    assert code != 0 and "no command printed it" in message, message


main()
