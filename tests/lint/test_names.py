# SPDX-License-Identifier: Apache-2.0
#
# Names of tests are handed to the test program on its command line, one by one. A name that begins
# with a dash is a flag there, and one that begins with a bracket, a star or a tilde is a pattern,
# which runs other tests than it says, or none.
import re

import common

NAME = re.compile(r'TEST_CASE\(\s*"((?:[^"\\]|\\.)*)"')


def check(path, text):
    del path
    return [
        (common.line_of(text, match.start()), f"a test's name must not begin like this: {match[1]}")
        for match in NAME.finditer(text)
        if re.match(r"[-~\[*]", match[1])
    ]


BAD = {
    "a flag": ("tests/a.cpp", 'TEST_CASE("flag --set changes a key") {'),
    "a flag on the next line": ("tests/a.cpp", 'TEST_CASE(\n    "-o writes") {'),
    "a pattern": ("tests/a.cpp", 'TEST_CASE("~x") {'),
}
GOOD = {
    "a statement": ("tests/a.cpp", 'TEST_CASE("the flag -o writes [what it says]") {'),
}

if __name__ == "__main__":
    common.main(check, common.files(".cpp", under="tests"), BAD, GOOD)
