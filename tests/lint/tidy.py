# SPDX-License-Identifier: Apache-2.0
#
# clang-tidy over the sources, by the list in .clang-tidy, all findings errors. Usage:
#     tidy.py BUILD [--all] [FOLDER…]
# BUILD holds compile_commands.json, of a build that compiles folders as one (a third of the time) or
# not. The names of what was clean are kept there: a file is read again when it, a header of ours that
# it sees, the list, or clang-tidy itself has changed. --all reads clean files again. FOLDER: src,
# tests; without one, both.
import argparse
import concurrent.futures
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

import common

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*"([^"]+)"', re.MULTILINE)
# The commands are gcc's; clang does not know all of its warnings and need not.
EXTRA = ["--extra-arg=-Wno-unknown-warning-option", "--extra-arg=-Wno-error"]
PLANTED = """#include <string>
#include <utility>
std::size_t planted(std::string a) {
  std::string b = std::move(a);
  return a.size() + b.size();
}
"""


def seen_by(path, seen):
    """The file and every header of ours that it sees, by the way our includes are written."""
    if path in seen or not os.path.isfile(os.path.join(common.ROOT, path)):
        return seen
    seen.add(path)
    for name in INCLUDE.findall(common.read(path)):
        for folder in ("src", "tests", os.path.dirname(path)):
            seen_by(os.path.normpath(os.path.join(folder, name)), seen)
    return seen


def digest(path, command, about):
    h = hashlib.sha256(f"{about}\0{command}".encode())
    for name in sorted(seen_by(path, set())):
        h.update(f"\0{name}\0{common.read(name)}".encode())
    return h.hexdigest()


def run(tool, build, path):
    return subprocess.run(
        [tool, "--quiet", "-p", build, *EXTRA, path],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        cwd=common.ROOT,
    )


def can_fail(tool):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "planted.cpp")
        with open(path, "w", encoding="utf-8") as f:
            f.write(PLANTED)
        config = f"--config-file={os.path.join(common.ROOT, '.clang-tidy')}"
        got = subprocess.run(
            [tool, "--quiet", config, path, "--", "-std=c++20"], capture_output=True, text=True
        )
        return got.returncode != 0 and "bugprone-use-after-move" in got.stdout


def ours(build, folders):
    """{path: compile command} of the repository's sources in these folders."""
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as f:
        commands = json.load(f)
    known = {path for folder in folders for path in common.files(".cpp", under=folder)}
    found = {os.path.relpath(c["file"], common.ROOT): c["command"] for c in commands}
    return {
        path: command for path, command in sorted(found.items()) if compiled_with(path) <= known
    }


def compiled_with(path):
    """The sources that a compiled file stands for: itself, or the files of a folder as one."""
    if not path.endswith("_cxx.cxx"):
        return {path}
    return {os.path.relpath(name, common.ROOT) for name in INCLUDE.findall(common.read(path))}


def stale(build, folders, about, everything):
    """{path: stamp} of what has to be read."""
    todo = {}
    os.makedirs(os.path.join(build, "tidy"), exist_ok=True)
    for path, command in ours(build, folders).items():
        stamp = os.path.join(build, "tidy", digest(path, command, about))
        if everything or not os.path.exists(stamp):
            todo[path] = stamp
    return todo


def findings(text):
    """{place: the finding with its notes}, so that one in a header is told once."""
    found, place = {}, ""
    for line in text.replace(common.ROOT + "/", "").splitlines():
        if re.match(r"\S+:\d+:\d+: (?:error|warning):", line):
            place = line
        if line and place:
            found.setdefault(place, []).append(line)
    return found


def main():
    arguments = argparse.ArgumentParser(description="clang-tidy over the sources")
    arguments.add_argument("build", help="a configured build folder")
    arguments.add_argument("--all", action="store_true", help="read clean files again")
    arguments.add_argument("folders", nargs="*", default=["src", "tests"], help="src, tests")
    asked = arguments.parse_args()
    build, tool = os.path.abspath(asked.build), shutil.which("clang-tidy-14") or "clang-tidy"
    if not can_fail(tool):
        sys.exit("this check does not work: a planted use after move was not found")
    about = subprocess.run([tool, "--version"], capture_output=True, text=True).stdout
    todo = stale(build, asked.folders, about + common.read(".clang-tidy"), asked.all)
    failed, told = 0, set()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        jobs = {pool.submit(run, tool, build, path): stamp for path, stamp in todo.items()}
        for job in concurrent.futures.as_completed(jobs):
            got = job.result()
            if got.returncode == 0:
                open(jobs[job], "w", encoding="utf-8").close()
            else:
                failed += 1
                found = findings(got.stdout) or {got.stderr: [got.stderr]}
                print("\n".join("\n".join(found[place]) for place in found if place not in told))
                told.update(found)
    print(f"clang-tidy: {failed} files with findings, of {len(todo)} read")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
