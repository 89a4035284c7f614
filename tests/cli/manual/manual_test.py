#!/usr/bin/env python3
"""Manual and completion against the table of options: what --help and `help config` print.

  manual_test.py SHOAL FOLDER

Every command, option and key is in its page of the manual, which mandoc, groff and man render without a word, and is
offered by bash, zsh and fish themselves."""
import fcntl
import functools
import os
import pathlib
import pty
import re
import select
import shlex
import shutil
import struct
import subprocess
import sys
import termios
import time

shoal = pathlib.Path(sys.argv[1]).resolve()
folder = pathlib.Path(sys.argv[2])
shutil.rmtree(folder, ignore_errors=True)
folder.mkdir(parents=True)
os.chdir(folder)
environment = {name: value for name, value in os.environ.items() if name not in ("LD_PRELOAD", "COLUMNS", "LINES")}
environment |= {"PATH": f"{shoal.parent}:{environment['PATH']}", "HOME": str(folder.resolve()), "TERM": "xterm",
                "LC_ALL": "C.UTF-8", "MANWIDTH": "200", "OMP_NUM_THREADS": "1"}
for run in ("runs/digits", "runs/iris", "odd/my run", "odd/a;b", "odd/it's"):
    pathlib.Path(run, "checkpoints").mkdir(parents=True)
pathlib.Path("net.toml").write_text("seed = 1\n")


def run(*command, **more):
    done = subprocess.run(command, capture_output=True, text=True, env=environment, **more)
    assert done.returncode == 0, f"{command}: {done.returncode}: {done.stderr}"
    return done.stdout, done.stderr


def words_of(section, text):
    """The first words of the lines of a section of a help."""
    found = re.search(rf"^{section}:\n((?:  .*\n|\n(?=  ))*)", text, re.M)
    return re.findall(r"^  (\S+)", found[1], re.M) if found else []


commands = {}  # "import csv": its options


def read_help(name):
    text, _ = run(shoal, *name.split(), "--help")
    commands[name] = [option for group in words_of("Options", text) if group.startswith("-") for option in group.split(",")]
    assert "--help" in commands[name], text
    for below in words_of("Subcommands", text):
        read_help(f"{name} {below}".strip())


read_help("")
keys = [line.split()[0] for line in run(shoal, "help", "config")[0].split("\n\n")[0].splitlines()[1:]]
assert len(commands) > 15 and "import csv" in commands and "--set" in commands["train"], commands
assert len(keys) > 60 and "optimizer.learning_rate" in keys, keys

# help
for name in commands:
    assert run(shoal, "help", *name.split()) == run(shoal, *name.split(), "--help"), name
told = {key: run(shoal, "help", key)[0] for key in keys}
for key, text in told.items():
    assert text.startswith(key + "\n") and "default" in text, text
    assert not re.search(r"^  \.", text, re.M), f"nothing says what {key} is"
no_bit = "It changes no bit of what is trained"
assert f"{no_bit}.\n" in told["train.log_every"]
assert f"{no_bit} while train.early_stopping.patience is 0.\n" in told["train.evaluate_every"]
assert not any(no_bit in told[key] for key in keys if key.startswith(("sweep.", "data.", "optimizer.", "model.")))
assert "optimizer.clip_norm" in run(shoal, "help", "optimizer")[0] and "train.epochs" not in run(shoal, "help", "optimizer")[0]
for section in ("train", "sweep", "optimizer"):  # the first two have the names of commands
    assert f"\n{section}." in run(shoal, "help", "config", section)[0], section
assert "is to set model.batch_norm = true" in told["model.batch_norm.epsilon"]
assert not any("is to set" in told[key] for key in ("model.batch_norm.enabled", "train.early_stopping.patience"))
assert "default: none.\n" in told["sweep.space"], told["sweep.space"]
wrong = subprocess.run([shoal, "help", "config", "optimiser"], capture_output=True, text=True, env=environment)
assert wrong.returncode == 64 and 'no help on "optimiser"' in wrong.stderr, wrong.stderr
wrong = subprocess.run([shoal, "help", "lr"], capture_output=True, text=True, env=environment)
assert wrong.returncode == 64 and "did you mean optimizer.learning_rate?" in wrong.stderr, wrong.stderr
assert run(shoal, "-V") == run(shoal, "--version")

# The manual
run(shoal, "generate", "all", "--out", "share")
pages = {name: pathlib.Path("share/man/man1", "-".join(["shoal", *name.split()]) + ".1") for name in commands}
config_page = pathlib.Path("share/man/man5/shoal-config.5")
assert set(pathlib.Path("share/man").rglob("*.*")) == {*pages.values(), config_page}
for page in [*pages.values(), config_page]:
    said, _ = run("mandoc", "-Tlint", "-W", "warning", str(page))
    assert said == "", said
    _, said = run("groff", "-man", "-ww", "-z", "-Tutf8", str(page))
    assert said == "", f"{page}: {said}"
    _, said = run("man", "--warnings", "-P", "cat", "-l", str(page))
    assert said == "", f"{page}: {said}"
assert run(shoal, "generate", "man", "shoal-train")[0] == pages["train"].read_text()


@functools.cache
def plain(page):
    return re.sub(r".\x08", "", run("mandoc", "-Tascii", "-Owidth=400", str(page))[0])


for name, page in pages.items():
    for option in commands[name]:
        assert re.search(rf"^ +(.*, )?{option}\b", plain(page), re.M), f"{page} lacks {option}"
for key in keys:
    assert re.search(rf"^ +{re.escape(key)}( |$)", plain(config_page), re.M), f"{config_page} lacks {key}"
for name in commands:
    if name and " " not in name:
        assert re.search(rf"^ +{name}( |$)", plain(pages[""]), re.M), f"shoal.1 lacks {name}"
print(f"manual: {len(pages) + 1} pages, {sum(map(len, commands.values()))} options, {len(keys)} keys")

# What each shell must offer, by the line that stands when TAB is pressed.
wanted = {f"shoal {name} -".replace("  ", " "): options for name, options in commands.items()}
nudged = [key for key in keys if "shoal nudge" in told[key]]
assert "train.epochs" in nudged and "seed" not in nudged
wanted["shoal "] = [name for name in commands if name and " " not in name]
wanted["shoal import "] = [name.split()[1] for name in commands if name.startswith("import ")]
wanted["shoal train --set "] = [f"{key}=" for key in keys]
wanted["shoal nudge runs/digits "] = [f"{key}=" for key in nudged]
wanted["shoal train net.toml --set optimizer.name=ada"] = ["adam", "adamw"]
wanted["shoal watch ru"] = ["runs/digits", "runs/iris"]
wanted["shoal train --resume "] = ["net.toml", "runs/digits", "auto"]
wanted["shoal import csv a.csv --header "] = ["yes", "no"]
wanted["shoal explain runs/digits --metric "] = ["loss", "accuracy", "rmse"]
wanted["shoal evaluate runs/digits --weights "] = ["last", "average"]
# Where there is one way to go on: the line after TAB.
finished = {"shoal tra": "shoal train", "shoal train --set optimizer.learn": "shoal train --set optimizer.learning_rate=",
            "shoal train --set optimizer.name=adamw": "shoal train --set optimizer.name=adamw",
            "shoal train --set schedule.name=cos": "shoal train --set schedule.name=cosine",
            "shoal train --re": None, "shoal watch runs/d": "shoal watch runs/digits",
            "shoal evaluate --data net.t": "shoal evaluate --data net.toml",
            "shoal train --ini": "shoal train --init-from", "shoal import cs": "shoal import csv"}
# Where a name is no plain word: the words that the shell then makes of the line.
one_word = {"shoal watch odd/m": "odd/my run", "shoal watch odd/my\\ r": "odd/my run", "shoal watch odd/a": "odd/a;b",
            "shoal watch odd/i": "odd/it's", "shoal train --resume odd/m": "odd/my run"}


def missing(line, offered):
    return [word for word in wanted[line] if word not in offered]


# bash: its function, with the words that bash makes of the line.
script = ["source share/bash-completion/completions/shoal"]
for line in wanted:
    words = [part for word in line.split(" ") for part in re.findall(r"=|[^=]+", word) or [""]]
    quoted = " ".join("'" + word + "'" for word in words)
    script.append(f"COMP_LINE='{line}'; COMP_POINT=${{#COMP_LINE}}; COMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}; "
                  "_shoal; printf '%s\\n' '@' \"${COMPREPLY[@]}\"")
offers = run("bash", "--norc", "-c", "\n".join(script))[0].split("@\n")[1:]
for line, offered in zip(wanted, offers, strict=True):
    lacks = missing(line, offered.splitlines())
    assert not lacks, f"bash lacks {lacks} behind {line!r}: {offered}"
assert "seed=" not in offers[list(wanted).index("shoal nudge runs/digits ")].splitlines()

# fish says what it would offer.
script = ["source share/fish/vendor_completions.d/shoal.fish"]
for line in wanted:
    script.append(f"echo '@'; complete -C '{line}'")
offers = run("fish", "--no-config", "-c", "\n".join(script))[0].split("@\n")[1:]
for line, offered in zip(wanted, offers, strict=True):
    words = [entry.split("\t")[0].rstrip("/") for entry in offered.splitlines()]
    if line.endswith("=ada"):
        words = [word.removeprefix("optimizer.name=") for word in words]
    lacks = missing(line, words)
    assert not lacks, f"fish lacks {lacks} behind {line!r}: {words}"


for line, result in one_word.items():
    offered = run("fish", "--no-config", "-c", f"source share/fish/vendor_completions.d/shoal.fish; complete -C {shlex.quote(line)}")[0]
    assert result in [entry.split("\t")[0].rstrip("/") for entry in offered.splitlines()], f"fish: {line!r}: {offered}"
assert "odd/my run\t" in run("fish", "--no-config", "-c", "source share/fish/vendor_completions.d/shoal.fish; "
                             "complete -C 'shoal watch odd/my\\\\ r'")[0], "fish takes it for a folder"


class Shell:
    """A shell on a terminal."""

    def __init__(self, command, setup):
        self.process, self.terminal = pty.fork()
        if self.process == 0:
            os.execvpe(command[0], command, environment)
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 400, 200, 0, 0))
        self.count = 0
        self.text = ""
        for line in ["PS1='REA''DY>'", "parted() { local IFS='<'; echo \"$*\"; }", *setup]:
            self.until_done(line + "\n")

    def until_done(self, keys):
        """Types keys, then a command whose output comes behind all that they bring."""
        self.count += 1
        os.write(self.terminal, f"{keys}\x15echo DO''NE{self.count}:\n".encode())
        return self.read_until_prompt(f"DONE{self.count}:")[0]

    def read_until_prompt(self, mark):
        """What comes in front of the mark, and from there on. What is typed before a prompt is not the shell's to read."""
        text = ""
        last = time.monotonic() + 60
        while mark not in text or "READY>" not in text.split(mark, 1)[1]:
            assert time.monotonic() < last, f"no {mark}: {text!r}"
            if select.select([self.terminal], [], [], 1)[0]:
                text += os.read(self.terminal, 65536).decode(errors="replace")
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]", "", text).split(mark, 1)

    def line_after_tab(self, line, told="echo"):
        """What stands there then: told by a command that is put in front of it."""
        self.count += 1
        os.write(self.terminal, f"{line}\t\x01{told} DO''NE{self.count}:\n".encode())
        return self.read_until_prompt(f"DONE{self.count}:")[1].splitlines()[0].strip()

    def close(self):
        os.write(self.terminal, b"exit\n")
        os.close(self.terminal)
        os.waitpid(self.process, 0)


shells = {
    "bash": Shell(["bash", "--norc", "--noprofile", "-i"],
                  ["bind 'set enable-bracketed-paste off'", "source share/bash-completion/completions/shoal"]),
    "zsh": Shell(["zsh", "-f", "-i"],
                 ["unsetopt list_ambiguous prompt_sp prompt_cr zle_bracketed_paste 2>/dev/null; unset zle_bracketed_paste; bindkey -e; LISTMAX=100000",
                  "fpath=($PWD/share/zsh/site-functions $fpath); autoload -U compinit; compinit -u -D"]),
}
for name, shell in shells.items():
    for line, result in finished.items():
        if result is None:
            continue
        got = shell.line_after_tab(line)
        assert got.rstrip("=") == result.rstrip("="), f"{name}: {line!r} becomes {got!r}"
    for line, result in one_word.items():
        got = shell.line_after_tab(line, told="parted").split("<")
        assert got[-1].rstrip("/") == result, f"{name}: {line!r} becomes {got}"
for line in wanted:
    offered = shells["zsh"].until_done(line + "\t")
    lacks = [word for word in wanted[line] if word.rstrip("=").rsplit("/", 1)[-1] not in re.split(r"[\s,]+", offered.replace("=", " "))]
    # A list of files and folders shows their last parts.
    lacks = [word for word in lacks if word.rsplit("/", 1)[-1] not in re.split(r"[\s,/]+", offered)]
    assert not lacks, f"zsh lacks {lacks} behind {line!r}: {offered}"
for shell in shells.values():
    shell.close()
print(f"completion: {len(wanted)} lines in bash, zsh and fish")
