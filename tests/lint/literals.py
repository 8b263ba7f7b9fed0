# SPDX-License-Identifier: Apache-2.0
#
# One prefix table in the program: the powers behind k, M, GB and GiB are spelled in src/base only.
# A peer's tera was 1e13; a number that is written once and tested once cannot disagree with itself.
#
# Where such a number is no prefix (a vocabulary of 1024), say so on the line or the one above:
#     // literal: why this is no prefix
import re

import common

POWERS = {1000**i for i in range(1, 7)} | {1024**i for i in range(1, 7)}
NUMBER = re.compile(r"(?<![\w.'])(?:0[xX][0-9a-fA-F']+|[0-9][0-9']*(?:\.[0-9']*)?(?:[eE][+-]?[0-9]+)?)")
SHIFT = re.compile(r"<<\s*(?:10|20|30|40|50|60)\b")
ALLOWED = re.compile(r"//\s*literal: \w+ \w+")


def value(text):
    text = text.replace("'", "")
    return int(text, 16) if text[:2].lower() == "0x" else float(text)


def check(path, text):
    code, lines, findings = common.code_only(text), text.split("\n"), []
    hits = [m for m in NUMBER.finditer(code) if value(m.group()) in POWERS]
    for match in hits + list(SHIFT.finditer(code)):
        line = common.line_of(code, match.start())
        if not any(ALLOWED.search(near) for near in lines[max(0, line - 2) : line]):
            what = match.group().strip()
            findings.append((line, f"{what} is a prefix: take it from units:: in base/units.hpp"))
    return findings


BAD = {
    "giga": ("src/model/a.cpp", "double g = 1e9;\n"),
    "giga in digits": ("src/model/a.cpp", "long g = 1'000'000'000;\n"),
    "kibi": ("src/model/a.cpp", "auto b = n * 1024;\n"),
    "kibi with a suffix": ("src/model/a.cpp", "auto b = n * 1024ull;\n"),
    "gibi as a double": ("src/model/a.cpp", "auto b = n / 1073741824.0;\n"),
    "kibi in hex": ("src/model/a.cpp", "auto b = n * 0x400;\n"),
    "a shift": ("src/model/a.cpp", "auto b = n << 20;\n"),
    "an excuse without a reason": ("src/model/a.cpp", "auto b = n * 1024;  // literal:\n"),
}
GOOD = {
    "a comment": ("src/model/a.cpp", "// 1024 tokens\n/* 1e9\n1000 */\n"),
    "a string": ("src/model/a.cpp", 'auto s = "1024"; auto r = R"(1e9)"; char c = \'"\';\n'),
    "other numbers": ("src/model/a.cpp", "auto a = 10240 + 1.5 + 512 + x1024 + 1'0;\n"),
    "an excuse": ("src/model/a.cpp", "// literal: rows of the table\nauto b = n * 1024;\n"),
}

if __name__ == "__main__":
    paths = [p for p in common.files(".hpp", ".cpp", under="src") if not p.startswith("src/base/")]
    common.main(check, paths, BAD, GOOD)
