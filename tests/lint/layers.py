# SPDX-License-Identifier: Apache-2.0
#
# The layer check. A file in src/X includes only its own layer or a lower one, so a variant of
# attention can be added without knowing who prints it; and each heavy package stays in the one
# folder that needs it, because its header costs seconds in every file that sees it.
import re

import common

LAYERS = [
    "base",
    "attention",
    "model",
    "ingest",
    "hardware",
    "roofline",
    "serving",
    "kernels",
    "report",
    "cli",
]

# Which layers may include the headers of a package, by how the include begins.
PACKAGES = {
    "nlohmann/": ["base", "report"],
    "CLI/": ["cli"],
    "yaml-cpp/": ["base"],
    "hwy/": ["kernels"],
    "catch2/": [],
}

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(["<])([^">\n]+)[">]', re.MULTILINE)


def check(path, text):
    own = path.split("/")[1]
    if own not in LAYERS:
        return [(1, f"src/{own} is no layer; they are {', '.join(LAYERS)}")]
    findings = []
    for match in INCLUDE.finditer(text):
        message = wrong(own, match.group(1), match.group(2))
        if message:
            findings.append((common.line_of(text, match.start()), message))
    return findings


def wrong(own, mark, name):
    for package, layers in PACKAGES.items():
        if name.startswith(package) and own not in layers:
            return f"<{name}> belongs in {' and '.join(layers) or 'tests'} only"
    if mark == "<":
        return None
    layer = name.split("/")[0]
    if name.startswith(".") or "/" not in name:
        # Written from the root of src/, so that the reader and this check see the layer. What is
        # generated into the build folder has a bare name.
        return f'"{name}" does not name its layer: write "layer/file.hpp"'
    if layer not in LAYERS:
        return f'"{name}" is in no layer'
    if LAYERS.index(layer) > LAYERS.index(own):
        return f"{own} is below {layer} and may not include \"{name}\""
    return None


BAD = {
    "a lower layer includes a higher one": ("src/base/a.hpp", '#include "model/model.hpp"\n'),
    "attention includes cli": ("src/attention/a.cpp", "\n  # include \"cli/run.hpp\"\n"),
    "a path that climbs": ("src/model/a.cpp", '#include "../cli/run.hpp"\n'),
    "a bare name": ("src/model/a.cpp", '#include "model.hpp"\n'),
    "json outside base and report": ("src/ingest/a.cpp", "#include <nlohmann/json.hpp>\n"),
    "CLI11 outside cli": ("src/report/a.cpp", "#include <CLI/CLI.hpp>\n"),
    "yaml outside base": ("src/ingest/a.cpp", "#include <yaml-cpp/yaml.h>\n"),
    "a test framework in the program": ("src/base/a.cpp", "#include <catch2/catch.hpp>\n"),
    "a folder that is no layer": ("src/utils/a.hpp", ""),
}
GOOD = {
    "own and lower": ("src/model/a.cpp", '#include "model/b.hpp"\n#include "base/units.hpp"\n'),
    "json in report": ("src/report/a.cpp", "#include <nlohmann/json.hpp>\n#include <vector>\n"),
}

if __name__ == "__main__":
    common.main(check, common.files(".hpp", ".cpp", under="src"), BAD, GOOD)
