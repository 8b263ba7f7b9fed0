# SPDX-License-Identifier: Apache-2.0
#
# docs/ci.md as somebody follows it in an empty repository: its capacity file passes, the commands of
# its workflow run, one tightened limit fails and says why; and what comes out is accepted by its
# readers: JUnit by xmllint with our schema, Markdown by a renderer, annotations by the rules of
# GitHub's workflow commands.
#
#   ci.py ATTNCALC DOCS_FOLDER
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree

SKIPPED = 77
try:
    import markdown
except ImportError:
    print("python3-markdown is not installed: nothing was rendered")
    sys.exit(SKIPPED)
if not shutil.which("xmllint"):
    print("xmllint is not installed: no JUnit file was validated")
    sys.exit(SKIPPED)

PROGRAM, DOCS = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
SCHEMA = os.path.join(DOCS, "schema", "junit.xsd")
FEWEST_CHECKS = 4
wrong = []


def check(what, holds, detail=""):
    if not holds:
        wrong.append(f"{what}{': ' if detail else ''}{detail}")


def blocks(text, opening):
    """The fenced blocks that open with this line."""
    return re.findall(r"^```" + re.escape(opening) + r"\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)


def shell(command, **environment):
    """As a step of a workflow: bash, ending at the first command that fails."""
    surroundings = {k: v for k, v in os.environ.items() if not k.startswith("GITHUB_")}
    surroundings.update(environment, PATH=f"{os.path.dirname(PROGRAM)}:{os.environ['PATH']}")
    return subprocess.run(["bash", "-eo", "pipefail", "-c", command], capture_output=True, text=True, env=surroundings)


def junit_problems(path):
    run = subprocess.run(["xmllint", "--noout", "--schema", SCHEMA, path], capture_output=True, text=True)
    return "" if run.returncode == 0 else run.stderr


def counts_agree(path):
    """What a suite says of itself is what is in it."""
    for suite in ElementTree.parse(path).getroot().iter("testsuite"):
        for what, element in (("tests", "testcase"), ("failures", "failure"), ("errors", "error")):
            if int(suite.get(what)) != len(list(suite.iter(element))):
                return False
    return True


def rows_of(html):
    return [re.findall(r"<td[^>]*>(.*?)</td>", row, flags=re.DOTALL) for row in re.findall(r"<tr>(.*?)</tr>", html, flags=re.DOTALL)]


def steps_of(workflow):
    """The run: lines of a workflow that ask attncalc, without a YAML reader: one a step."""
    return [line.strip() for line in re.findall(r"run:(.*attncalc check.*)$", workflow, flags=re.MULTILINE)]


def the_workflow_passes(workflow):
    steps = steps_of(workflow)
    check("the workflow asks attncalc", bool(steps))
    for step in steps:
        done = shell(step, GITHUB_ACTIONS="true", GITHUB_STEP_SUMMARY="summary.md")
        check(f"`{step}` passes", done.returncode == 0, done.stdout + done.stderr)
        check("nothing is annotated where nothing failed", "::error" not in done.stderr, done.stderr)
    check("JUnit is there and valid", os.path.exists("junit.xml") and not junit_problems("junit.xml"), junit_problems("junit.xml"))
    with open("summary.md", encoding="utf-8") as file:
        rows = rows_of(markdown.markdown(file.read(), extensions=["tables"]))
    said = json.loads(shell("attncalc check capacity.yaml --json").stdout)
    check("there is something to check", len(said["checks"]) >= FEWEST_CHECKS)
    check("the rendered table has a row a check", [r[1:3] for r in rows if len(r) == 5] == [[c["name"], c["metric"]] for c in said["checks"]], str(rows))


def a_tightened_limit_fails(workflow, capacity):
    limit = re.search(r"max: (\d+) GiB", capacity)
    with open("capacity.yaml", "w", encoding="utf-8") as file:
        file.write(capacity.replace(limit.group(), "max: 1 GiB", 1))
    os.remove("summary.md")
    done = shell(steps_of(workflow)[0], GITHUB_ACTIONS="true", GITHUB_STEP_SUMMARY="summary.md")
    check("a tightened limit is exit 1", done.returncode == 1, str(done.returncode))
    first = "\n".join(done.stdout.splitlines()[:3])
    check("the first lines say which", "kv.per_device_bytes is" in first, first)
    check("the first lines say by how much", "over max 1.00 GiB" in first, first)
    check("the first lines say what would mend it", "holds with ctx" in first, first)
    check("JUnit is valid with failures", not junit_problems("junit.xml"), junit_problems("junit.xml"))
    check("JUnit counts what it has", counts_agree("junit.xml"))
    check("JUnit has a failure", "<failure " in open("junit.xml", encoding="utf-8").read())
    annotations = re.findall(r"^::error file=capacity\.yaml,line=(\d+),col=\d+,title=[^:]*::kv\.", done.stderr, flags=re.MULTILINE)
    check("failures are annotated", bool(annotations), done.stderr)
    lines = open("capacity.yaml", encoding="utf-8").read().splitlines()
    check("annotations point at the budget", all("kv.per_device_bytes" in lines[int(n) - 1] for n in annotations), str(annotations))
    html = markdown.markdown(open("summary.md", encoding="utf-8").read(), extensions=["tables"])
    check("the rendered summary says it", "<td>FAILS</td>" in html, html)


def readers_can_refuse():
    """A schema that accepts anything would prove nothing."""
    text = open("junit.xml", encoding="utf-8").read()
    for name, bad in {
        "an unknown element": text.replace("<testcase ", "<test ").replace("</testcase>", "</test>").replace("/>", "></test>"),
        "a missing count": re.sub(r' failures="\d+"', "", text),
        "half a file": text[: len(text) // 2],
    }.items():
        with open("bad.xml", "w", encoding="utf-8") as file:
            file.write(bad)
        check(f"the JUnit schema refuses {name}", bool(junit_problems("bad.xml")))


def odd_texts_survive():
    """Names that mean something to XML, Markdown and workflow commands."""
    name = "a<b> & \"c\" | d's 100% :: e, f \u2028 \u00e4"
    with open("odd.yaml", "w", encoding="utf-8") as file:
        file.write(f"scenarios:\n  - name: {json.dumps(name, ensure_ascii=False)}\n    model: llama3-70b\n    ctx: 1k\n")
        file.write("    budgets: [{metric: kv.total_bytes, max: 1 B}]\n")
    done = shell("attncalc check odd.yaml --junit odd.xml --annotate always --format md")
    check("odd texts are exit 1", done.returncode == 1, done.stderr)
    check("odd texts are valid JUnit", not junit_problems("odd.xml"), junit_problems("odd.xml"))
    case = next(ElementTree.parse("odd.xml").getroot().iter("testcase"))
    check("odd texts come back from JUnit", case.get("classname").replace("?", "\u2028") == name, case.get("classname"))
    rows = rows_of(markdown.markdown(done.stdout, extensions=["tables"]))
    check("odd texts keep to their cell", any(len(r) == 5 and r[2] == "kv.total_bytes" for r in rows), str(rows))
    annotation = re.search(r"^::error file=odd\.yaml,line=5,col=\d+,title=([^:,]*)::", done.stderr, flags=re.MULTILINE)
    check("odd texts are escaped in annotations", annotation and "100%25 %3A%3A e%2C f" in annotation.group(1), done.stderr)


def main():
    with open(os.path.join(DOCS, "ci.md"), encoding="utf-8") as file:
        text = file.read()
    workflow = blocks(text, "yaml")[0]
    capacity = blocks(text, "yaml file=capacity.yaml")[0]
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        with open("capacity.yaml", "w", encoding="utf-8") as file:
            file.write(capacity)
        the_workflow_passes(workflow)
        a_tightened_limit_fails(workflow, capacity)
        readers_can_refuse()
        odd_texts_survive()
        os.chdir("/")
    for line in wrong:
        print(line)
    return 1 if wrong else 0


sys.exit(main())
