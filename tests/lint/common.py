# SPDX-License-Identifier: Apache-2.0
#
# What the lint scripts share: which files there are, a C++ text without comments or strings, and
# the frame of a check. A check is a function from (path, text) to findings; before it looks at the
# tree it is run on planted mistakes, so a check that can no longer fail fails.
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
NOT_OURS = {".git", ".cache", "build", "__pycache__"}


def files(*suffixes, under=""):
    """Paths relative to the root, sorted; a name without a suffix counts as its whole name."""
    found = []
    for folder, folders, names in os.walk(os.path.join(ROOT, under)):
        folders[:] = [f for f in folders if f not in NOT_OURS]
        for name in names:
            if name in NOT_OURS:  # .git is a file in a linked work tree
                continue
            if not suffixes or name.endswith(suffixes):
                found.append(os.path.relpath(os.path.join(folder, name), ROOT))
    return sorted(found)


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as f:
        return f.read()


# A raw string, a comment, a string, a character. Numbers come first, so that the separator in
# 1'000 does not open a character.
_TOKEN = re.compile(
    r"""(?P<number>\b[0-9](?:'?[0-9a-zA-Z_.])*)
      | (?P<raw>R"(?P<mark>[^()\s\\]{0,16})\(.*?\)(?P=mark)")
      | (?P<line>//[^\n]*)
      | (?P<block>/\*.*?\*/)
      | (?P<string>"(?:\\.|[^"\\\n])*")
      | (?P<char>'(?:\\.|[^'\\\n])*')""",
    re.DOTALL | re.VERBOSE,
)


def code_only(text):
    """C++ with comments, strings and characters blanked; lines keep their numbers."""

    def blank(match):
        if match.group("number"):
            return match.group(0)
        return re.sub(r"[^\n]", " ", match.group(0))

    return _TOKEN.sub(blank, text)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def main(check, paths, bad, good):
    """Runs `check(path, text) -> [(line, message)]` on what is planted, then on the tree.

    bad: {name: (path, text)}, each of which must give a finding; good: the same, none.
    """
    broken = [f"planted and not found: {name}" for name, at in bad.items() if not check(*at)]
    broken += [
        f"innocent and found: {name}: {check(*at)[0]}" for name, at in good.items() if check(*at)
    ]
    found = [(path, *finding) for path in paths for finding in check(path, read(path))]
    for path, line, message in found:
        print(f"{path}:{line}: {message}")
    for text in broken:
        print(f"this check does not work: {text}")
    if not paths:
        print("this check looked at no file")
    sys.exit(1 if found or broken or not paths else 0)
