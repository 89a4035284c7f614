"""The fenced blocks of a README, and the files that it points to.

A block is sh, cpp or text. One that no test runs has a comment right before it that says why, with one of the reasons below:
<!-- not run: builds -->
"""
import re

REASONS = (
    "builds",
    "installs packages, builds",
    "needs several hosts",
    "needs a scheduler",
    "needs CIFAR-10",
    "needs MNIST",
    "takes minutes",
    "takes hours",
)
LANGUAGES = ("sh", "cpp", "text")


def blocks(text, language):
    """(number of the first line of code, code) of each block that is to be run."""
    lines = text.split("\n")
    found, start, wanted = [], None, False
    for i, line in enumerate(lines):
        if not line.startswith("```"):
            continue
        if start is None:
            if line[3:] not in LANGUAGES:
                raise ValueError(f"line {i + 1}: a block of {line[3:] or 'no language'}; use {', '.join(LANGUAGES)}")
            before = next((earlier for earlier in reversed(lines[:i]) if earlier.strip()), "")
            excused = before in [f"<!-- not run: {reason} -->" for reason in REASONS]
            wanted = line == "```" + language and not excused
            start = i + 1
        else:
            if wanted:
                found.append((start + 1, "\n".join(lines[start:i]) + "\n"))
            start = None
    if start is not None:
        raise ValueError(f"line {start}: this block has no end")
    return found


def digests(text):
    """What blocks of output show of digests: 32 hex digits."""
    shown = "\n".join(code for _, code in blocks(text, "text"))
    return sorted(set(re.findall(r"\b[0-9a-f]{32}\b", shown)))


def links(text):
    """The files that [words](file) point to, without addresses of the web and places inside of a file."""
    targets = (target.split("#")[0] for target in re.findall(r"\]\(([^)\s]+)\)", text))
    return sorted({target for target in targets if target and "://" not in target})
