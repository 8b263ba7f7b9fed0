# SPDX-License-Identifier: Apache-2.0
#
# Runs pack_catalog on small folders of entries and compares all that it says. A mistake in an entry
# has to stop the build: nobody would see it at run time until somebody asks for that model.
import os
import subprocess
import sys
import tempfile

# Name: (files, exit code, standard error).
CASES = {
    "two entries that share nothing are packed": (
        {"a.yaml": "name: a\naliases: [x/A, Ä]\n", "b.yaml": "name: b\nnote: 'say \"1\\2\"'\n"},
        0,
        "",
    ),
    "a folder without entries is packed": ({"readme.txt": "no entry\n"}, 0, ""),
    "a name that is not the file's": (
        {"a.yaml": "name: b\n"},
        2,
        "DIR/a.yaml:1:7: error: name is b; the file is named a\n  name: b\n        ^\n",
    ),
    "a name that is no text": (
        {"1.yaml": "name: 1\n"},
        2,
        "DIR/1.yaml:1:7: error: name is 1; the file is named 1\n  name: 1\n        ^\n"
        "hint: a name that reads as a number must be quoted\n",
    ),
    "no name": (
        {"a.yaml": "alias: a\n"},
        2,
        "DIR/a.yaml:1:1: error: there is no name\n  alias: a\n  ^\n",
    ),
    "an alias that another entry has, in another spelling": (
        {"a.yaml": "name: a\naliases: [Big_One]\n", "b.yaml": "name: b\naliases: [big one]\n"},
        2,
        "DIR/b.yaml:2:11: error: big one is already a name of a\n  aliases: [big one]\n"
        "            ^\nhint: case does not count, and '_' and ' ' are '-'\n",
    ),
    "an alias that is the name of a later entry": (
        {"a.yaml": "name: a\naliases: [b]\n", "b.yaml": "name: b\n"},
        2,
        "DIR/b.yaml:1:7: error: b is already a name of a\n  name: b\n        ^\n"
        "hint: case does not count, and '_' and ' ' are '-'\n",
    ),
    "an alias that repeats the name": (
        {"a.yaml": "name: a\naliases: [A]\n"},
        2,
        "DIR/a.yaml:2:11: error: A is already a name of a\n  aliases: [A]\n            ^\n"
        "hint: case does not count, and '_' and ' ' are '-'\n",
    ),
    "aliases that are no list, and an alias that is no text": (
        {"a.yaml": "name: a\naliases: b\n", "c.yaml": "name: c\naliases: [7]\n"},
        2,
        "DIR/a.yaml:2:10: error: aliases must be a list of names\n  aliases: b\n           ^\n"
        "DIR/c.yaml:2:11: error: an alias must be text\n  aliases: [7]\n            ^\n",
    ),
    "what does not parse, beside what does": (
        {"a.yaml": "name: a\nx: 1\nx: 2\n", "b.yaml": "name: b\n"},
        2,
        "DIR/a.yaml:3:1: error: the key x is given a second time\n  x: 2\n  ^\n"
        "hint: its first value is in line 2\n",
    ),
    "text with a zero byte": (
        {"a.yaml": 'name: a\nx: "\\0"\n'},
        2,
        'DIR/a.yaml:2:4: error: this cannot be packed: it is too large or has a zero byte\n'
        '  x: "\\0"\n     ^\n',
    ),
}


def run(tool, files, out):
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
                f.write(text)
        done = subprocess.run([tool, "models", out, folder], capture_output=True, text=True)
        return done.returncode, done.stderr.replace(folder, "DIR")


def main(tool):
    failed = 0
    for name, (files, code, text) in CASES.items():
        with tempfile.TemporaryDirectory() as folder:
            out = os.path.join(folder, "out.cpp")
            got_code, got_text = run(tool, files, out)
            written = os.path.exists(out)
        if (got_code, got_text, written) != (code, text, code == 0):
            failed += 1
            print(f"{name}: exit code {got_code}, not {code}, or other text; it said\n{got_text}")
    print(f"{len(CASES)} cases, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
