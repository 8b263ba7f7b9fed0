# SPDX-License-Identifier: Apache-2.0
#
# Real output of every verb against docs/schema/, by a validator that knows nothing of us (Debian's
# python3-jsonschema). Every verb that `attncalc --help` lists must have a command here, so that none
# is added without its schema.
#
#   validate.py ATTNCALC SCHEMA_FOLDER
import json
import os
import re
import subprocess
import sys
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

COMMANDS = {
    "kv": [("kv", ["kv", "--model", m, "--ctx", "8k"]) for m in MODELS]
    + [("kv", ["kv", "--model", "llama-3-70b", "--ctx", "8k", "--batch", "3", "--tp", "16", "--as", "gqa:4", "--kv-dtype", "nvfp4"])],
    "cost": [("cost", ["cost", "--model", m, "--ctx", "8k", "--explain"]) for m in MODELS]
    + [("cost", ["cost", "--model", m, "--ctx", "8k", "--phase", "prefill", "--batch", "inf"]) for m in MODELS]
    + [("cost", ["cost", "--model", "llama-3-70b", "--isl", "100", "--osl", "10", "--beams", "4", "--fused"])],
    "roofline": [("roofline", ["roofline", "--model", m, "--hw", "h100-sxm", "--ctx", "8k"]) for m in MODELS]
    + [("roofline", ["roofline", "--model", "llama-3-70b", "--hw", hw, "--isl", "100", "--osl", "10"]) for hw in ["mi300x", "m1", "generic-edge"]],
    "io": [("io", ["io", "--ctx", "2k"]), ("io", ["io", "--ctx", "2k", "--sram", "48KiB", "--causal", "--simulate"])],
    "hardware": [("hardware", ["hardware"]), ("hardware-check", ["hardware", "check"])]
    + [("device", ["hardware", "show", d]) for d in ["8xh100", "rtx-4090", "mi300x", "m2-ultra", "tpu-v5e", "generic-edge", "grace-480gb", "groq-lpu"]],
    "models": [("models", ["models"])] + [("model", ["models", "show", m]) for m in MODELS],
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
    if run.returncode != 0:
        return [f"exit {run.returncode}: {run.stderr.strip()}"]
    return [f"{'/'.join(map(str, e.absolute_path))}: {e.message[:200]}" for e in validator(schemas, name).iter_errors(json.loads(run.stdout))]


def main(program, folder):
    schemas = load(folder)
    failed = 0
    for verb in verbs(program):
        if verb not in COMMANDS:
            failed += 1
            print(f"{verb}: no command of it is validated; add its schema to docs/schema and a command here")
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
