# SPDX-License-Identifier: Apache-2.0
#
# Every file of code opens with its licence and then says what it is for: the SPDX line, an empty
# line, a paragraph. A newcomer who opens any file is told where they are.
import re

import common

SUFFIXES = (".hpp", ".cpp", ".h", ".c", ".py", ".sh", ".cmake", "CMakeLists.txt")
LICENCE = "SPDX-License-Identifier: Apache-2.0"
LEAST_WORDS = 6


def scripts():
    """Files without a suffix that begin with #!."""
    bare = [p for p in common.files() if "." not in p.rsplit("/", 1)[-1]]
    found = []
    for path in bare:
        with open(f"{common.ROOT}/{path}", "rb") as f:
            if f.read(2) == b"#!":
                found.append(path)
    return found


def check(path, text):
    lines = text.split("\n")
    at = 1 if lines[0].startswith("#!") else 0
    mark = "//" if path.endswith((".hpp", ".cpp", ".h", ".c")) else "#"
    if at >= len(lines) or lines[at] != f"{mark} {LICENCE}":
        return [(at + 1, f'must open with "{mark} {LICENCE}"')]
    if at + 1 >= len(lines) or lines[at + 1] not in (mark, ""):
        return [(at + 2, "an empty line goes between the licence and what the file is for")]
    words = 0
    for line in lines[at + 2 :]:
        if not line.startswith(mark + " "):
            break
        words += len(re.findall(r"\w+", line))
    if words < LEAST_WORDS:
        return [(at + 3, "a paragraph that says what this file is for goes here")]
    return []


BAD = {
    "no licence": ("a.cpp", "// What this file is for, in a whole sentence.\n"),
    "no paragraph": ("a.cpp", f"// {LICENCE}\n\n#include <vector>\n"),
    "too short a paragraph": ("a.hpp", f"// {LICENCE}\n//\n// Types.\n#pragma once\n"),
    "no empty line": ("a.py", f"# {LICENCE}\n# What this file is for, in a sentence.\n"),
    "empty": ("a.py", ""),
    "a script": ("scripts/x", f"#!/bin/sh\n# {LICENCE}\nset -e\n"),
}
GOOD = {
    "a source": ("a.cpp", f"// {LICENCE}\n//\n// What this file is for, in a whole sentence.\n"),
    "a script": ("x", f"#!/bin/sh\n# {LICENCE}\n\n# What this file is for, in a sentence.\n"),
}

if __name__ == "__main__":
    common.main(check, common.files(*SUFFIXES) + scripts(), BAD, GOOD)
