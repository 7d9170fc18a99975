# SPDX-License-Identifier: Apache-2.0
"""Runs snarl-source check, and reads what it says."""
import collections
import functools
import json
import os
import pathlib
import re
import subprocess

import jsonschema

HERE = pathlib.Path(__file__).resolve().parent
TREE = HERE.parents[2]
TOOL = os.environ["SNARL_SOURCE"]
SNARL = os.environ["SNARL"]
STANDARD = {".c": "-std=gnu17", ".cc": "-std=c++20"}
MARKER = re.compile(r"@([\w-]+)")

Finding = collections.namedtuple("Finding", "kind places title")


@functools.cache
def validator():
    schema = json.loads((TREE / "docs/snarl-report-1.schema.json").read_text())
    return jsonschema.Draft202012Validator(schema)


def run(arguments, **more):
    """The tool, however it ends; but a crash is a failure."""
    done = subprocess.run([TOOL, "check", *map(str, arguments)], capture_output=True, text=True,
                          errors="replace", timeout=300, check=False, **more)
    assert done.returncode in (0, 2), f"{arguments}: {done.returncode}\n{done.stderr}"
    return done


def report(arguments):
    """The report, which has to fit its schema."""
    done = run(arguments)
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    faults = [error.message for error in validator().iter_errors(document)]
    assert not faults, faults
    return document


def flags(path):
    """The compiler's options for a single file."""
    gcc = subprocess.run(["gcc", "-print-file-name=include"], capture_output=True, text=True,
                         check=True).stdout.strip()
    return ["--", STANDARD[path.suffix], f"-I{TREE}/tests/order", f"-I{TREE}/include",
            "-idirafter", gcc, "-fopenmp"]


def findings(document):
    """What is found: the kind, and where each site's deed is done."""
    for finding in document["findings"]:
        places = [site["stack"][0] for site in finding["sites"]]
        assert finding["level"] == "possible", finding
        assert "source alone" in finding["reason"], finding
        assert finding["title"] and "What to do: " in finding["explanation"], finding
        yield Finding(finding["kind"], [(p["file"], p["line"]) for p in places], finding["title"])


def markers(path):
    """The markers of each line."""
    lines = path.read_text().splitlines()
    return {number: set(MARKER.findall(line)) for number, line in enumerate(lines, 1)
            if "CHECK:" not in line}
