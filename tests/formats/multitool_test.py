#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""SARIF by Microsoft's validator. It ends with 0 whatever it finds: its output file tells."""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

import reports
import sarif_test

DIRECTORY = reports.BUILD + "/multitool"
TOOL = DIRECTORY + "/node_modules/@microsoft/sarif-multitool-linux/Sarif.Multitool"


def install():
    """By npm, into the build directory, unless it is there; nothing of the package is run."""
    wanted = {}
    for name in "package.json", "package-lock.json":
        with open("%s/%s" % (reports.HERE, name), "rb") as file:
            wanted[name] = file.read()
    done = DIRECTORY + "/installed"
    if os.path.exists(done) and open(done, "rb").read() == wanted["package-lock.json"]:
        return
    shutil.rmtree(DIRECTORY, ignore_errors=True)
    os.makedirs(DIRECTORY)
    for name, content in wanted.items():
        with open("%s/%s" % (DIRECTORY, name), "wb") as file:
            file.write(content)
    fetched = subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund",
                              "--fetch-timeout=30000", "--fetch-retries=1"],
                             cwd=DIRECTORY, stdin=subprocess.DEVNULL)
    if fetched.returncode:
        print("skipped: npm could not fetch the validator (is there a network?)")
        sys.exit(77)
    os.chmod(TOOL, 0o755)
    with open(done, "wb") as file:
        file.write(wanted["package-lock.json"])


def findings(documents):
    """What the validator says of {name: bytes}, by its levels: {level: [text]}."""
    with tempfile.TemporaryDirectory() as directory:
        for name, content in documents.items():
            with open("%s/%s.sarif" % (directory, name), "wb") as file:
                file.write(content)
        subprocess.run([TOOL, "validate", directory + "/*.sarif", "--output",
                        directory + "/out.json", "--level", "Error;Warning;Note"], check=True,
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       env=os.environ | {"DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"})
        with open(directory + "/out.json", encoding="utf-8-sig") as file:
            run, = json.load(file)["runs"]
    said = {}
    for invocation in run["invocations"]:
        for kind in "toolExecutionNotifications", "toolConfigurationNotifications":
            for note in invocation.get(kind, []):
                said.setdefault(note.get("level", "warning"), []).append(note["message"]["text"])
    for result in run["results"]:
        said.setdefault(result.get("level", "warning"), []).append(
            "%s %s" % (result["ruleId"], result["message"]))
    return said


class Multitool(unittest.TestCase):
    def test_no_errors(self):
        documents = {name: reports.render(name, "sarif") for name in reports.GOLDEN_NAMES}
        documents |= {"hostile-%d" % number: out for number, out in reports.hostile("sarif")}
        documents["diff"] = reports.difference(*reports.changed(), "sarif")
        self.assertEqual(findings(documents).get("error", []), [])

    def test_it_can_fail(self):
        document = sarif_test.sarif("race")
        sarif_test.results(document)[0]["unheard"] = "of"
        said = findings({"broken": json.dumps(document).encode()})
        self.assertTrue(any("unheard" in text
                            for text in said.get("error", [])), said)


if __name__ == "__main__":
    if not shutil.which("npm"):
        print("skipped: there is no npm; scripts/install-dependencies --test installs it")
        sys.exit(77)
    install()
    unittest.main()
