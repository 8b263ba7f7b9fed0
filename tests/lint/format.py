# SPDX-License-Identifier: Apache-2.0
#
# The layout of the code is decided by .clang-format and by nobody else. Releases of clang-format
# disagree in small things, so only the one that the project is written with is asked; without it
# this check is skipped (77), and the nightly run, where nothing may be skipped, has it installed.
import os
import re
import shutil
import subprocess
import sys

import common

RELEASE = "14"
SKIPPED = 77


def program():
    for name in (f"clang-format-{RELEASE}", "clang-format"):
        if shutil.which(name):
            text = subprocess.run([name, "--version"], capture_output=True, text=True).stdout
            if re.search(rf"version {RELEASE}\.", text):
                return name
    return None


def complaints(tool, paths, text=None):
    """What clang-format says; `text` goes through its standard input instead of files."""
    run = subprocess.run(
        [tool, "--style=file", "--dry-run", "--Werror", "--ferror-limit=1", *paths],
        input=text,
        stdin=subprocess.DEVNULL if text is None else None,
        capture_output=True,
        text=True,
        cwd=common.ROOT,
    )
    return [line for line in run.stderr.splitlines() if "error:" in line]


def main():
    tool = program()
    if not tool:
        print(f"no clang-format {RELEASE} here: apt-get install clang-format-{RELEASE}")
        sys.exit(SKIPPED)
    works = complaints(tool, ["--assume-filename=a.cpp"], "int  a ;\n")
    if not works or complaints(tool, ["--assume-filename=a.cpp"], "int a;\n"):
        print("this check does not work: a planted bad layout is not told from a good one")
        sys.exit(1)
    paths = common.files(".hpp", ".cpp", under="src") + common.files(".hpp", ".cpp", under="tests")
    found = complaints(tool, paths)
    for line in found:
        print(os.path.relpath(line, common.ROOT) if line.startswith("/") else line)
    if found:
        print(f"to mend: {tool} -i FILE")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
