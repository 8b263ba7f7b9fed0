# SPDX-License-Identifier: Apache-2.0
#
# Real output of every verb against docs/schema/, by a validator that knows nothing of us (Debian's
# python3-jsonschema). Every verb that `attncalc --help` lists must have a command here, so that none
# is added without its schema.
#
#   validate.py ATTNCALC SCHEMA_FOLDER
import atexit
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import warnings

SKIPPED = 77
SYSTEM_PYTHON = "/usr/bin/python3"  # where Debian's packages are, whatever python3 comes first

warnings.filterwarnings("ignore")
try:
    import jsonschema
except ImportError:
    if sys.executable != SYSTEM_PYTHON and os.path.exists(SYSTEM_PYTHON) and not os.environ.get("TRIED"):
        os.environ["TRIED"] = "1"
        os.execv(SYSTEM_PYTHON, [SYSTEM_PYTHON, *sys.argv])
    print("python3-jsonschema is not installed: nothing was validated")
    sys.exit(SKIPPED)

MODELS = ["llama-3-70b", "deepseek-v3.2", "deepseek-v4-flash", "gemma-3n-e4b", "qwen3-next-80b-a3b", "jamba-1.5-mini",
          "whisper-large-v3", "falcon-h1-34b", "gpt-oss-120b", "rwkv-7-2.9b"]

CHECKS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "check")
OUR_CAPACITY = os.path.join(CHECKS, "..", "capacity.yaml")
FAILING = os.path.join(CHECKS, "failing.yaml")
WEIGHTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "weights")  # named, and not there
FOLDER = tempfile.mkdtemp(prefix="attncalc-schema-")
atexit.register(shutil.rmtree, FOLDER)
BASELINE = os.path.join(FOLDER, "baseline.json")
DOES_NOT_HOLD = 1

COMMANDS = {
    # The second makes the baseline of the third.
    "check": [("check", ["check", FAILING]), ("check", ["check", OUR_CAPACITY, "-o", BASELINE]), ("check", ["check", FAILING, "--baseline", BASELINE])],
    "kv": [("kv", ["kv", "--model", m, "--ctx", "8k"]) for m in MODELS]
    + [("kv", ["kv", "--model", "llama-3-70b", "--ctx", "8k", "--batch", "3", "--tp", "16", "--as", "gqa:4", "--kv-dtype", "nvfp4"])],
    "cost": [("cost", ["cost", "--model", m, "--ctx", "8k", "--explain"]) for m in MODELS]
    + [("cost", ["cost", "--model", m, "--ctx", "8k", "--phase", "prefill", "--batch", "inf"]) for m in MODELS]
    + [("cost", ["cost", "--model", "llama-3-70b", "--isl", "100", "--osl", "10", "--beams", "4", "--fused"])],
    "roofline": [("roofline", ["roofline", "--model", m, "--hw", "h100-sxm", "--ctx", "8k"]) for m in MODELS]
    + [("roofline", ["roofline", "--model", "llama-3-70b", "--hw", hw, "--isl", "100", "--osl", "10"]) for hw in ["mi300x", "m1", "generic-edge"]],
    "compare": [("compare", ["compare", *[w for m in MODELS for w in ("-m", m)], "-c", "8k", "-c", "64", "-b", "3"]),
                ("compare", ["compare", "-m", "llama-3-8b", "--as", "linear", "--phase", "prefill", "-c", "64:64k", "--ops", "attention.*"]),
                ("compare", ["compare", "-m", "llama-3-8b", "--hw", "h100-sxm", "--hw", "m1", "-c", "4k", "-b", "1:64"])],
    "io": [("io", ["io", "--ctx", "2k"]), ("io", ["io", "--ctx", "2k", "--sram", "48KiB", "--causal", "--simulate", "--explain"])],
    "mask": [("mask", ["mask", "-m", m, "-c", "4k"]) for m in MODELS if m != "rwkv-7-2.9b"]
    + [("mask", ["mask", "--mask", "bigbird:1,globals=2,block=16", "--mask", "topk:9", "--mask", "bands:3", "-c", "512", "--brute"])],
    "hardware": [("hardware", ["hardware"]), ("hardware-check", ["hardware", "check"])]
    + [("device", ["hardware", "show", d]) for d in ["8xh100", "rtx-4090", "mi300x", "m2-ultra", "tpu-v5e", "generic-edge", "grace-480gb", "groq-lpu"]],
    "bench": [("bench", ["bench", "--only", "decode bf16 mha", "--seconds", "0.01", "--threads", "1"])],
    "models": [("models", ["models"]), ("models-check", ["models", "check"]), ("models-check", ["models", "check", WEIGHTS])] + [("model", ["models", "show", m]) for m in MODELS],
}


def load(folder):
    schemas = {}
    for name in os.listdir(folder):
        if name.endswith(".schema.json"):
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                schemas[name] = json.load(file)
    for schema in schemas.values():
        jsonschema.Draft202012Validator.check_schema(schema)
    return schemas


def validator(schemas, name):
    schema = schemas[name + ".schema.json"]
    resolver = jsonschema.RefResolver(base_uri=name + ".schema.json", referrer=schema, store=schemas)
    return jsonschema.Draft202012Validator(schema, resolver=resolver)


def verbs(program):
    text = subprocess.run([program, "--help"], capture_output=True, text=True, check=True).stdout
    return re.findall(r"^  (\w+)  ", text.split("commands:")[1], flags=re.M)


def problems_of(program, schemas, name, arguments):
    run = subprocess.run([program, *arguments, "--json"], capture_output=True, text=True)
    if run.returncode not in (0, DOES_NOT_HOLD if FAILING in arguments else 0):
        return [f"exit {run.returncode}: {run.stderr.strip()}"]
    if "-o" in arguments:
        with open(arguments[arguments.index("-o") + 1], encoding="utf-8") as file:
            answer = json.load(file)
    else:
        answer = json.loads(run.stdout)
    return [f"{'/'.join(map(str, e.absolute_path))}: {e.message[:200]}" for e in validator(schemas, name).iter_errors(answer)]


def unvalidated(names):
    """The verbs of which no output is validated."""
    return [name for name in names if name not in COMMANDS]


def capacity_problems(schemas):
    """The files that `check` reads have a schema too, for editors."""
    try:
        import yaml
    except ImportError:
        return []
    problems = []
    for path in (OUR_CAPACITY, FAILING):
        with open(path, encoding="utf-8") as file:
            problems += [f"{path}: {e.message[:200]}" for e in validator(schemas, "capacity").iter_errors(yaml.safe_load(file))]
    if validator(schemas, "capacity").is_valid({"scenarios": [{"budgets": [{"max": 3}]}]}):
        problems.append("the schema of capacity files accepts a budget without a metric")
    return problems


def main(program, folder):
    schemas = load(folder)
    failed = 0
    if unvalidated(["kv", "planted"]) != ["planted"]:
        failed += 1
        print("a verb without a schema would not be seen")
    for verb in unvalidated(verbs(program)):
        failed += 1
        print(f"{verb}: no command of it is validated; add its schema to docs/schema and a command here")
    for problem in capacity_problems(schemas):
        failed += 1
        print(problem)
    for name, arguments in (command for commands in COMMANDS.values() for command in commands):
        for problem in problems_of(program, schemas, name, arguments):
            failed += 1
            print(f"{' '.join(arguments)}: {problem}")
    # A validator that accepts anything would prove nothing.
    if validator(schemas, "kv").is_valid({"schema": "attncalc/kv/1"}):
        failed += 1
        print("the schema of kv accepts an empty answer")
    return 1 if failed else 0


sys.exit(main(sys.argv[1], sys.argv[2]))
