"""Writes which properties of a resource type replace the resource when they change.

Usage: createonly.py FILE [--check] [TYPE ...]

FILE holds JSON: {type: [property path, ...]}. Its types, and those given, are looked up
in the CloudFormation schemas of the installed cfn-lint, so no network is needed. With
--check nothing is written, and the exit code is 1 if FILE is not up to date.
"""

import json
import pathlib
import sys

import cfnlint

file, rest = pathlib.Path(sys.argv[1]), sys.argv[2:]
old = file.read_text()
schemas = pathlib.Path(cfnlint.__file__).parent / "data" / "schemas"
region = json.loads((schemas / "providers" / "us-east-1.json").read_text())

found = {}
for kind in {*json.loads(old), *(r for r in rest if r != "--check")}:
    if kind not in region:
        sys.exit(f"{kind} is not among the CloudFormation types of cfn-lint: correct the name, or raise cfn-lint in requirements.in")
    schema = json.loads((schemas / "resources" / (region[kind] + ".json")).read_text())
    paths = schema.get("createOnlyProperties", []) + schema.get("conditionalCreateOnlyProperties", [])
    found[kind] = sorted({p.removeprefix("/properties") for p in paths})
new = json.dumps(found, indent=1, sort_keys=True) + "\n"
if "--check" not in rest:
    file.write_text(new)
elif new != old:
    sys.exit(f"{file} differs from the schemas of cfn-lint: write it with `make schemas`")
