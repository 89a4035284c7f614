#!/usr/bin/env python3
"""That the test of a README can fail: what it runs, what it leaves out, and how it ends."""
import pathlib
import subprocess
import sys
import tempfile

from readme_blocks import blocks, digests, links

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


def status(readme, name="README.md"):
    """Of readme_test.py on a source folder with this README."""
    with tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder, "source")
        for part in ("data", "launch", "tests"):
            (source / part).mkdir(parents=True)
        (source / name).write_text(readme)
        test = pathlib.Path(__file__).with_name("readme_test.py")
        done = subprocess.run(
            [sys.executable, test, source, name, folder + "/work", "/bin/true"], capture_output=True, text=True
        )
        return done.returncode, done.stderr


def is_refused(text, words):
    try:
        blocks(text, "sh")
    except ValueError as e:
        return words in str(e)
    return False


def main():
    assert blocks(TEXT, "sh") == [(3, "first\n"), (13, "second\nthird\n")], blocks(TEXT, "sh")
    assert digests(TEXT) == ["0123456789abcdef0123456789abcdef"]
    assert is_refused("```sh\nno end", "has no end")
    assert is_refused("```\nshoal train\n```\n", "line 1: a block of no language")
    assert links("[a](b.md#c), [d](#e), [f](https://g) and [h](../i)") == ["../i", "b.md"]

    assert status("#\n```sh\ntrue\n```\n")[0] == 0
    assert status("No commands.\n")[0] == 0
    code, message = status("#\n\n```sh\ntrue\nfalse\ntrue\n```\n", "data/README.md")
    assert code != 0 and "data/README.md:5: status 1: false" in message, message
    assert status("#\n<!-- not run: no time -->\n```sh\nfalse\n```\n")[0] != 0
    assert status("#\n```sh\nfalse | true\n```\n")[0] != 0
    shown = TEXT[TEXT.index("```text") : TEXT.rindex("```sh")]
    assert status("#\n```sh\necho 0123456789abcdef0123456789abcdef\n```\n" + shown)[0] == 0
    code, message = status("#\n```sh\ntrue\n```\n" + shown)
    assert code != 0 and "no command printed it" in message, message
    code, message = status("See [data](data/none.md).\n")
    assert code != 0 and "points to data/none.md" in message, message
    code, message = status("x" * 12289)
    assert code != 0 and "12289 bytes" in message, message
    assert status("x" * 12289, "data/README.md")[0] == 0


main()
