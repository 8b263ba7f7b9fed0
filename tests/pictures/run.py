# SPDX-License-Identifier: Apache-2.0
#
# The pictures that we show: drawn again and compared with what is in the tree, and every text's box
# checked (svg_boxes.py), after the check itself has been run on planted mistakes.
#
#     run.py ATTNCALC ROOT        ATTNCALC_BLESS=1 writes the files instead of comparing
import os
import subprocess
import sys
import tempfile

import svg_boxes

STEPS = {
    "llama-3-70b": "--ctx 8k --batch 8",
    "deepseek-v3": "--ctx 32k --batch 64",
    "gemma-3-27b": "--phase prefill --ctx 8k",
}
MACHINES = ["h100-sxm", "a100-sxm-80gb", "m3-max"]

PICTURES = {
    f"tests/pictures/{model}-{machine}.svg": f"--model {model} --hw {machine} {step}"
    for model, step in STEPS.items()
    for machine in MACHINES
}
PICTURES["docs/pictures/llama-3-70b-prefill.svg"] = (
    "--model llama-3-70b --hw h100-sxm --phase prefill --ctx 8k"
)
PICTURES["docs/pictures/llama-3-70b-batch.svg"] = (
    "--model llama-3-70b --hw h100-sxm --ctx 8k --batch 1:256"
)
PICTURES["tests/pictures/deepseek-v3-context.svg"] = (
    "--model deepseek-v3 --hw h200-sxm --batch 64 --ctx 1k:1M"
)


def draw(program, flags):
    with tempfile.TemporaryDirectory() as room:
        path = os.path.join(room, "picture.svg")
        command = [program, "roofline", *flags.split(), "--plot", path]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            return None, f"{' '.join(command)}\n{done.stderr}"
        with open(path, encoding="utf-8") as f:
            return f.read(), None


def planted(svg):
    """The same picture with one mistake each, and what must be said of it."""
    legend = svg.index(">operator<")
    line = svg[svg.rindex("<text", 0, legend) : svg.index("\n", legend) + 1]
    yield "overlap", svg.replace(line, line + line)
    yield "under 9 px", svg.replace('font-size="10"', 'font-size="8.9"')
    yield "leaves the page", svg.replace(line, line.replace('x="', 'x="9'))


def check_the_check(svg):
    missed = []
    for must, wrong in planted(svg):
        if wrong == svg or not any(must in finding for finding in svg_boxes.findings(wrong)):
            missed.append(f"svg_boxes.py does not see a planted mistake: {must}")
    return missed


def compare(path, svg, root, bless):
    full = os.path.join(root, path)
    if bless:
        with open(full, "w", encoding="utf-8") as f:
            f.write(svg)
        return []
    with open(full, encoding="utf-8") as f:
        if f.read() == svg:
            return []
    return [f"{path} is not what is drawn now; if that is right, accept it and look at it:\n"
            "    ATTNCALC_BLESS=1 ctest --preset release -R pictures"]  # fmt: skip


def main():
    program, root = sys.argv[1:]
    bless = os.environ.get("ATTNCALC_BLESS", "0") not in ("", "0") and "CI" not in os.environ
    wrong = []
    for number, (path, flags) in enumerate(PICTURES.items()):
        svg, failed = draw(program, flags)
        if failed:
            wrong.append(failed)
            continue
        if number == 0:
            wrong += check_the_check(svg)
        wrong += [f"{path}: {finding}" for finding in svg_boxes.findings(svg)]
        wrong += compare(path, svg, root, bless)
    print("\n".join(wrong) or f"{len(PICTURES)} pictures are as they were, and no text overlaps")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
