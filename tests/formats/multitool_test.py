#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""SARIF by Microsoft's validator. It ends with 0 whatever it finds: its output file tells."""
import json
import os
import subprocess
import tempfile
import unittest

import npm
import reports
import sarif_test

DIRECTORY = reports.BUILD + "/multitool"
TOOL = DIRECTORY + "/node_modules/@microsoft/sarif-multitool-linux/Sarif.Multitool"


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
    npm.install(reports.HERE, DIRECTORY)
    os.chmod(TOOL, 0o755)
    unittest.main()
