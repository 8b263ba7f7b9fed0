# SPDX-License-Identifier: Apache-2.0
#
# Code that cites a section of docs/model.md cites one that is there. A comment names sections as
# docs/model.md, "Slots" or docs/model.md, "Slots" and "Payload"; the words may stand on two lines.
import re

import common

CITE = re.compile(r'docs/model\.md,?((?:(?:\s|//|,|and)*"[^"\n]+")+)')
NAME = re.compile(r'"([^"\n]+)"')
HEADING = re.compile(r"^#{1,6}[ \t]+(.*?)[ \t]*$", re.MULTILINE)


def check(path, text, headings=None):
    del path
    headings = headings or set(HEADING.findall(common.read("docs/model.md")))
    return [
        (common.line_of(text, cite.start()), f'docs/model.md has no section "{name}"')
        for cite in CITE.finditer(text)
        for name in NAME.findall(cite.group(1))
        if name not in headings
    ]


BAD = {
    "no such section": ("a.hpp", '//   x = y      docs/model.md, "Slotz"\n'),
    "on the next line": ("a.cpp", '// See docs/model.md,\n// "Slotz", and more.\n'),
    "the second of two": ("a.cpp", '// docs/model.md, "Slots" and "Slotz"\n'),
}
GOOD = {
    "a section": ("a.hpp", '//   x = y      docs/model.md, "Slots"\n'),
    "two lines": ("a.cpp", '// See docs/model.md,\n// "Layer patterns", and the sources "elsewhere".\n'),
    "no cite": ("a.cpp", '// docs/model.md says more. auto s = "Slotz";\n'),
}

if __name__ == "__main__":
    common.main(check, common.files(".hpp", ".cpp"), BAD, GOOD)
