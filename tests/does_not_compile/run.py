# SPDX-License-Identifier: Apache-2.0
#
# A statement that must not compile, proved with the project's own compiler. Usage:
#     run.py CASE.cpp -- COMPILER FLAGS...
#     run.py --can-fail -- COMPILER FLAGS...
# A case says in its opening comment what the compiler must answer, as regular expressions on the
# error ("expect:" for any compiler, "expect-gcc:", "expect-clang:" for one), and holds the wrong
# statement under `#ifndef CONTROL` with the right one beside it. It passes if
#   - with CONTROL defined it compiles, so nothing but the statement is at fault;
#   - without, it does not, and every error is one of those expected, so it fails for its reason.
import os
import re
import subprocess
import sys
import tempfile

EXPECT = re.compile(r"^// expect(?:-(gcc|clang))?: (.+)$", re.MULTILINE)


def compile_it(command, path, *more):
    environment = dict(os.environ, LC_ALL="C")
    return subprocess.run(
        [*command, "-fsyntax-only", *more, path],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        env=environment,
    )


def wrong(path, command):
    """What is wrong with the case, or None."""
    with open(path, encoding="utf-8") as f:
        text = f.read()
    version = subprocess.run([command[0], "--version"], capture_output=True, text=True).stdout
    family = "clang" if "clang" in version else "gcc"
    expected = [what for who, what in EXPECT.findall(text) if who in ("", family)]
    if not expected:
        return f"no line '// expect: REGEX' for {family}"
    control = compile_it(command, path, "-DCONTROL")
    if control.returncode != 0:
        return "the control part does not compile:\n" + control.stderr
    got = compile_it(command, path)
    if got.returncode == 0:
        return "it compiles, and must not"
    errors = re.findall(r"error: (.*)", got.stderr)
    strange = [e for e in errors if not any(re.search(x, e) for x in expected)]
    if strange or not errors:
        return f"it fails for another reason than {expected}:\n{got.stderr}"
    return None


# Cases that are wrong themselves, by the words that must be said of them.
PLANTED = {
    "it compiles, and must not": "// expect: .\nint a;\n",
    "another reason": "// expect: no match for\n#ifndef CONTROL\nint a = nothing;\n#endif\n",
    "control part does not compile": "// expect: .\nint a = nothing;\n",
    "no line '// expect": "#ifndef CONTROL\nint a = nothing;\n#endif\n",
}


def can_fail(command):
    with tempfile.TemporaryDirectory() as folder:
        for words, text in PLANTED.items():
            path = os.path.join(folder, "planted.cpp")
            with open(path, "w", encoding="utf-8") as f:
                f.write(text)
            found = wrong(path, command)
            if words not in (found or ""):
                return f"planted «{words}», got: {found}"
    return None


def main():
    command = sys.argv[sys.argv.index("--") + 1 :]
    found = can_fail(command) if sys.argv[1] == "--can-fail" else wrong(sys.argv[1], command)
    if found:
        print(f"{sys.argv[1]}: {found}")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
