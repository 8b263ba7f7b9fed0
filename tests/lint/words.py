# SPDX-License-Identifier: Apache-2.0
#
# Nothing of one person's machine and no work left for later: absolute paths to somebody's folders,
# and the marks that stand for "not done". What is not done is said in the docs, or done.
import re

import common

# Written so that this file does not find itself.
WRONG = [
    (re.compile(r"(?<![\w./-])/(?:work|root|mnt|srv)/[\w.]"), "a path of one machine"),
    (re.compile(r"(?<![\w.])/(?:home|Users)/(?!\$|you\b|user\b)\w"), "a path of one person"),
    (re.compile(r"\b(?:TO[D]O|FIX[M]E|XX[X]|HA[C]K)\b"), "work left for later"),
    (re.compile(r"^(?:<{7}|>{7}) ", re.MULTILINE), "a conflict that was never resolved"),
]
BINARY = (".gguf", ".safetensors", ".png", ".bin")


def check(path, text):
    del path
    return [
        (common.line_of(text, match.start()), f"{why}: {match.group().strip()}")
        for pattern, why in WRONG
        for match in pattern.finditer(text)
    ]


BAD = {
    "a work folder": ("a.md", "see " + "/wo" + "rk/main for more"),
    "a home": ("a.sh", "cd " + "/ho" + "me/alice/src"),
    "left for later": ("a.cpp", "// TO" + "DO: later"),
    "to be mended": ("a.cpp", "// FIX" + "ME"),
    "a conflict": ("a.cpp", "<" * 7 + " HEAD\n"),
}
GOOD = {
    "words": ("a.md", "the rest of the work/life; ./work/x; https://example.org/root/x; TODOS"),
    "a rule": ("a.md", "=======\n"),
}

if __name__ == "__main__":
    paths = [p for p in common.files() if not p.endswith(BINARY)]
    common.main(check, paths, BAD, GOOD)
