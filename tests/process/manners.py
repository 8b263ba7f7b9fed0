# SPDX-License-Identifier: Apache-2.0
#
# What only a whole process can show: closed pipes, descriptors that cannot be written, what is on
# which stream, the environment. Everything else about the command line is tested in-process.
import os
import subprocess
import sys
import tempfile

EXE = sys.argv[1]
JOB = [EXE, "kv", "--model", "llama3-70b", "--ctx", "32k"]
BROKEN = 3
wrong = []


def check(what, holds):
    if not holds:
        wrong.append(what)


def run(args, **options):
    options.setdefault("stdout", subprocess.PIPE)
    options.setdefault("stderr", subprocess.PIPE)
    return subprocess.run(args, stdin=subprocess.DEVNULL, text=True, **options)


def closed_pipe():
    """A reader that is gone before the first byte: no error, nothing said."""
    reader, writer = os.pipe()
    os.close(reader)
    done = run([EXE, "models"], stdout=writer)
    os.close(writer)
    check("a closed pipe is success", done.returncode == 0 and done.stderr == "")


def full_device():
    with open("/dev/full", "w") as full:
        done = run(JOB, stdout=full)
    check("a full device is exit 3", done.returncode == BROKEN)
    check("a full device is named", "cannot write to stdout" in done.stderr)


def closed_stdout():
    done = run(["sh", "-c", 'exec "$@" >&-', "sh", *JOB])
    check("a closed stdout is exit 3", done.returncode == BROKEN)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "answer")
        done = run(["sh", "-c", 'exec "$@" >&-', "sh", *JOB, "-o", path])
        check("a closed stdout is no matter where a file is written", done.returncode == 0)
        check("the file is there", os.path.getsize(path) > 0)


def streams():
    good, bad = run(JOB), run([EXE, "kv", "--model", "no-such-model-anywhere"])
    check("an answer is on stdout alone", good.returncode == 0 and good.stdout and not good.stderr)
    check("an error is on stderr alone", bad.returncode == 2 and bad.stderr and not bad.stdout)


def no_arguments():
    done = run([EXE])
    check("no command is exit 2 with help on stderr", done.returncode == 2 and "usage:" in done.stderr)


def new_file_mode():
    """A new file gets the mode that the umask leaves, as if a shell had made it."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "answer")
        run(["sh", "-c", 'umask 027; exec "$@"', "sh", *JOB, "-o", path])
        check("the umask counts", os.stat(path).st_mode & 0o777 == 0o640)


for test in (closed_pipe, full_device, closed_stdout, streams, no_arguments, new_file_mode):
    test()
for what in wrong:
    print("not so:", what)
sys.exit(1 if wrong else 0)
