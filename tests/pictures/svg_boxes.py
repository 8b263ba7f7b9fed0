# SPDX-License-Identifier: Apache-2.0
#
# Where the texts of one of our SVGs are at most, and what is wrong with them: two that overlap, one
# that is under 9 px, one that leaves the page. Widths are those of DejaVu Sans, the widest font that
# a reader is likely to have; the program has a table of its own, so the two check each other.
import itertools
import math
import re
import xml.etree.ElementTree as ET

LEAST_SIZE = 9
# Advances in thousandths of the size, from ' ' to '~', out of the font's hmtx table.
ADVANCES = [
    318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337, 636, 636, 636,
    636, 636, 636, 636, 636, 636, 636, 337, 337, 838, 838, 838, 531, 1000, 684, 686, 698, 770, 632,
    575, 775, 752, 295, 295, 656, 557, 863, 748, 787, 603, 787, 695, 635, 611, 732, 684, 989, 685,
    611, 685, 390, 337, 390, 838, 500, 500, 613, 635, 550, 635, 615, 352, 635, 634, 278, 278, 579,
    278, 974, 634, 612, 635, 635, 411, 521, 392, 634, 592, 818, 592, 592, 525, 636, 337, 636, 838,
]  # fmt: skip
WIDEST = 1000
BOLD = 1.13
# Above and below the line that a text is written on: the tallest capital, the deepest descender.
ASCENT, DESCENT = 0.76, 0.24


def width(text):
    return sum(ADVANCES[ord(c) - 32] if " " <= c <= "~" else WIDEST for c in text) / 1000


def corners(element):
    """The four corners of what the text covers, clockwise, in pixels of the page."""
    size = float(element.get("font-size"))
    classes = element.get("class", "").split()
    wide = width(element.text) * size * (BOLD if "bold" in classes else 1)
    left = {"start": 0, "middle": -wide / 2, "end": -wide}[classes[0]]
    x, y, angle = place(element)
    box = [(left, -ASCENT * size), (left + wide, -ASCENT * size)]
    box += [(left + wide, DESCENT * size), (left, DESCENT * size)]
    sin, cos = math.sin(angle), math.cos(angle)
    return [(x + a * cos - b * sin, y + a * sin + b * cos) for a, b in box]


def place(element):
    turned = element.get("transform")
    if turned is None:
        return float(element.get("x")), float(element.get("y")), 0
    numbers = [float(n) for n in re.findall(r"-?[0-9.]+", turned)]
    assert re.fullmatch(r"translate\(\S+ \S+\) rotate\(\S+\)", turned), turned
    return numbers[0], numbers[1], math.radians(numbers[2])


def apart(a, b):
    """Whether a line along an edge of one of them passes between two convex shapes."""
    for shape in (a, b):
        for (x1, y1), (x2, y2) in zip(shape, shape[1:] + shape[:1]):
            across = (y1 - y2, x2 - x1)
            first = [across[0] * x + across[1] * y for x, y in a]
            second = [across[0] * x + across[1] * y for x, y in b]
            if max(first) <= min(second) or max(second) <= min(first):
                return True
    return False


def findings(svg):
    root = ET.fromstring(svg)
    texts = [e for e in root.iter("{http://www.w3.org/2000/svg}text") if e.text]
    wide, high = float(root.get("width")), float(root.get("height"))
    boxes = [(e.text, corners(e)) for e in texts]
    wrong = [f"'{e.text}' is under {LEAST_SIZE} px" for e in texts
             if float(e.get("font-size")) < LEAST_SIZE]  # fmt: skip
    for text, box in boxes:
        if any(not (0 <= x <= wide and 0 <= y <= high) for x, y in box):
            wrong.append(f"'{text}' leaves the page")
    for (text, box), (other, other_box) in itertools.combinations(boxes, 2):
        if not apart(box, other_box):
            wrong.append(f"'{text}' and '{other}' overlap")
    if len(texts) < 10:
        wrong.append(f"only {len(texts)} texts: is this a roofline?")
    return wrong
