# SPDX-License-Identifier: Apache-2.0
#
# Links inside the documentation lead somewhere: a relative link to a file that exists, and its
# #part to a heading of that file, by the rule that GitHub makes anchors with. Other sites are not
# asked: a test that needs the net is a test that fails for no reason.
import os
import re

import common

FENCE = re.compile(r"^(```|~~~).*?^\1[ \t]*$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"(?<!\\)\[(?:[^\]\[]|\[[^\]]*\])*\]\(\s*<?([^)\s>]+)>?[^)]*\)")
REFERENCE = re.compile(r"^\[[^\]]+\]:\s*(\S+)", re.MULTILINE)
HEADING = re.compile(r"^#{1,6}[ \t]+(.*?)[ \t]*#*$", re.MULTILINE)
NAMED = re.compile(r"<a (?:id|name)=\"([^\"]+)\"")


def blanked(text):
    """Without fenced blocks and `code`, lines kept."""
    text = FENCE.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), text)
    return re.sub(r"`[^`\n]*`", lambda m: " " * len(m.group()), text)


def anchors(text):
    found = set(NAMED.findall(text))
    for title in HEADING.findall(FENCE.sub("", text)):
        title = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title).lower()
        base = slug = re.sub(r"[^\w\- ]", "", title).replace(" ", "-")
        count = 0
        while slug in found:
            count += 1
            slug = f"{base}-{count}"
        found.add(slug)
    return found


def check(path, text, exists=None, read=common.read):
    exists = exists or (lambda p: os.path.exists(os.path.join(common.ROOT, p)))
    findings, plain = [], blanked(text)
    for match in list(LINK.finditer(plain)) + list(REFERENCE.finditer(plain)):
        link = match.group(1)
        if re.match(r"[a-z][a-z+.-]*:", link):
            continue
        name, _, part = link.partition("#")
        target = os.path.normpath(os.path.join(os.path.dirname(path), name)) if name else path
        line = common.line_of(plain, match.start())
        if target != path and not exists(target):
            findings.append((line, f"{link}: there is no {target}"))
        elif part and target.endswith(".md"):
            if part not in anchors(text if target == path else read(target)):
                findings.append((line, f"{link}: {target} has no heading #{part}"))
    return findings


BAD = {
    "no such file": ("docs/a.md", "see [this](nowhere.md)"),
    "no such heading": ("a.md", "# One\n\n[x](#two)"),
    "a reference": ("a.md", "[x]: nowhere.md\n"),
    "a picture": ("a.md", "![x](nowhere.svg)"),
    "a heading in a block": ("a.md", "```\n# two\n```\n[x](#two)"),
}
GOOD = {
    "a heading": ("a.md", "# One `two`, three!\n\n[x](#one-two-three)"),
    "two of one name": ("a.md", "# One\n# One\n[x](#one-1)"),
    "another site": ("a.md", "[x](https://example.org/y#z)"),
    "code": ("a.md", "`[x](nowhere.md)`\n```\n[x](nowhere.md)\n```\n"),
    "a file": ("tests/lint/a.md", "[x](links.py)"),
}

if __name__ == "__main__":
    common.main(check, common.files(".md"), BAD, GOOD)
