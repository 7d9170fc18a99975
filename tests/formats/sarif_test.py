#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""SARIF against its schema, and against what GitHub asks for."""
import base64
import gzip
import json
import random
import re
import unittest
from urllib.parse import unquote, urlsplit

import jsonschema
import reports

with open(reports.HERE + "/sarif-schema-2.1.0.json", encoding="utf-8") as file:
    VALIDATOR = jsonschema.Draft7Validator(json.load(file))


def faults(document):
    return ["%s: %s" % (list(error.path), error.message[:200])
            for error in VALIDATOR.iter_errors(document)]


def sarif(report, *options):
    return json.loads(reports.render(report, "sarif", *options))


def results(document):
    return document["runs"][0]["results"]


def locations(value):
    """Every physical location in VALUE."""
    if isinstance(value, dict):
        for key, part in value.items():
            if key == "physicalLocation":
                yield part
            else:
                yield from locations(part)
    elif isinstance(value, list):
        for part in value:
            yield from locations(part)


def steps(flow):
    """(order, thread flow's id, text) of a code flow, in the order of execution."""
    return sorted((step["executionOrder"], thread["id"], step["location"]["message"]["text"])
                  for thread in flow["threadFlows"] for step in thread["locations"])


LINK = re.compile(r"(?<!\\)\[((?:[^\[\]\\]|\\.)*)\]\(([^)]*)\)")


class Sarif(unittest.TestCase):
    def check_for_github(self, document):
        """What makes GitHub refuse a file, or show an alert nowhere."""
        self.assertEqual(document["version"], "2.1.0")
        self.assertIn("sarif-2.1.0", document["$schema"])
        run, = document["runs"]
        rules = run["tool"]["driver"]["rules"]
        for rule in rules:
            for field in "shortDescription", "fullDescription", "help":
                self.assertTrue(rule[field]["text"])
        for result in run["results"]:
            self.assertEqual(rules[result["ruleIndex"]]["id"], result["ruleId"])
            self.assertEqual(len(result["locations"]), 1)
            self.assertTrue(result["message"]["text"])
            self.assertRegex(result["partialFingerprints"]["primaryLocationLineHash"],
                             r"\A[^:]+:[^:]+\Z")
            ids = {place["id"] for place in result["relatedLocations"]}
            for _, target in LINK.findall(result["message"]["text"]):
                self.assertIn(int(target), ids)
        for place in locations(run["results"]):
            uri = urlsplit(place["artifactLocation"]["uri"])
            self.assertEqual((uri.scheme, uri.netloc), ("", ""))
            self.assertTrue(uri.path)
            self.assertFalse(uri.path.startswith("/"))
            self.assertNotIn("..", uri.path.split("/"))
            region = place["region"]
            self.assertGreaterEqual(min(region["startLine"], region["startColumn"]), 1)
            self.assertLessEqual((region["startLine"], region["startColumn"]),
                                 (region["endLine"], region["endColumn"]))

    def test_valid(self):
        for name in reports.GOLDEN_NAMES:
            with self.subTest(name):
                document = sarif(name)
                self.assertEqual(faults(document), [])
                self.check_for_github(document)
                self.assertEqual(len(results(document)), len(reports.golden(name)["findings"]))

    def test_the_schema_can_fail(self):
        document = sarif("race")
        results(document)[0]["level"] = "fatal"
        self.assertNotEqual(faults(document), [])

    def test_reports_of_traces(self):
        for name, out in reports.analyzed():
            with self.subTest(name):
                document = sarif(json.loads(out))
                self.assertEqual(faults(document), [])
                self.check_for_github(document)

    def test_rules(self):
        run = sarif("nothing")["runs"][0]
        self.assertEqual(run["results"], [])
        rules = {rule["id"]: rule for rule in run["tool"]["driver"]["rules"]}
        self.assertEqual(len(rules), 19)
        race, note = rules["data-race"], rules["blocked-while-holding"]
        self.assertEqual(race["shortDescription"]["text"], "Data race.")
        self.assertIn("one lock", race["help"]["text"])
        self.assertIn("**What to do:**", race["help"]["markdown"])
        self.assertEqual(race["defaultConfiguration"]["level"], "error")
        self.assertEqual(race["properties"], {"precision": "high", "problem.severity": "error",
                                              "tags": ["concurrency", "correctness"]})
        self.assertEqual(note["properties"]["problem.severity"], "recommendation")
        self.assertEqual(note["properties"]["precision"], "high")
        self.assertEqual(rules["starvation"]["properties"]["precision"], "very-high")
        self.assertEqual(rules["wait-without-predicate"]["properties"]["precision"], "medium")

    def test_race(self):
        result, = results(sarif("race"))
        self.assertEqual(result["message"]["text"].split("\n"), [
            "data race on garlic_count.",
            "[Thread 1 (Barron) writes garlic_count, holding no lock](1).",
            "[Thread 2 (Olivia) writes garlic_count, holding no lock](2)."])
        self.assertEqual((result["ruleId"], result["level"]), ("data-race", "error"))
        self.assertEqual(result["properties"]["level"], "observed")
        self.assertEqual(result["properties"]["variable"],
                         {"name": "garlic_count", "size": 4, "place": "global"})
        self.assertEqual(result["locations"][0]["physicalLocation"], {
            "artifactLocation": {"uri": "garlic.c", "uriBaseId": "%SRCROOT%"},
            "region": {"startLine": 11, "startColumn": 21, "endLine": 11, "endColumn": 24}})
        flow, = result["codeFlows"]
        self.assertEqual([thread["id"] for thread in flow["threadFlows"]],
                         ["process 1, thread 1", "process 1, thread 2"])
        self.assertEqual(steps(flow), [
            (1, "process 1, thread 1", "Thread 1 (Barron) writes garlic_count, holding no lock"),
            (2, "process 1, thread 2", "Thread 2 (Olivia) writes garlic_count, holding no lock")])
        self.assertEqual([stack["properties"]["step"] for stack in result["stacks"]], [1, 2])
        self.assertEqual([stack["frames"][0]["threadId"] for stack in result["stacks"]], [1, 2])
        self.assertEqual(result["partialFingerprints"],
                         {"primaryLocationLineHash": "67afbf117bb3673f:1",
                          "snarlFinding/v1": "1:67afbf117bb3673f"})
        self.assertEqual(result["suppressions"], [])
        self.assertNotIn("baselineState", result)

    def test_region_of_an_expression(self):
        for result in results(sarif("explained")):
            if result["ruleId"] == "data-race" and "jars[0]" in result["message"]["text"]:
                region = result["locations"][0]["physicalLocation"]["region"]
                self.assertEqual(region, {"startLine": 18, "startColumn": 17,
                                          "endLine": 18, "endColumn": 30})
                break
        else:
            self.fail("the finding is not there")

    def test_deadlock(self):
        result = results(sarif("deadlock"))[0]
        flow, = result["codeFlows"]
        self.assertEqual(len(flow["threadFlows"]), 3)
        self.assertEqual([order for order, _, _ in steps(flow)], [1, 2, 3, 4, 5, 6])
        for thread in flow["threadFlows"]:
            self.assertEqual(len(thread["locations"]), 2)
        wait = flow["threadFlows"][1]["locations"][1]
        self.assertEqual(wait["location"]["physicalLocation"]["region"]["startLine"], 11)
        self.assertIn("Thread 2 (Olivia) waits for chopstick_c",
                      wait["location"]["message"]["text"])
        hold = flow["threadFlows"][1]["locations"][0]
        self.assertEqual(hold["kinds"], ["acquire", "lock"])
        self.assertEqual([lock["name"] for lock in result["properties"]["locks"]],
                         ["chopstick_a", "chopstick_b", "chopstick_c"])

    def test_witness(self):
        report = reports.golden("predicted")
        result = next(result for result in results(sarif("predicted"))
                      if result["properties"]["level"] == "predicted")
        finding = next(one for one in report["findings"] if one["level"] == "predicted")
        sites, witness = result["codeFlows"]
        self.assertEqual(len(steps(sites)), len(finding["sites"]))
        self.assertIn("How it can happen", witness["message"]["text"])
        self.assertEqual([(order, int(thread.split()[-1])) for order, thread, _ in steps(witness)],
                         [(i + 1, step["thread"]) for i, step in enumerate(finding["witness"])])
        for (_, _, text), step in zip(steps(witness), finding["witness"]):
            self.assertTrue(text.endswith(": " + step["what"]), text)

    def test_status(self):
        document = sarif("known")
        known, suppressed = results(document)
        self.assertEqual(known["baselineState"], "unchanged")
        self.assertEqual(known["suppressions"], [])
        self.assertEqual(suppressed["suppressions"], [{"kind": "external"}])
        report = reports.golden("known")
        report["findings"][1]["suppressed_by"] = {"file": "a.supp", "line": 3, "reason": "late"}
        self.assertEqual(results(sarif(report))[1]["suppressions"],
                         [{"kind": "external", "justification": "a.supp:3: late"}])
        invocation, = document["runs"][0]["invocations"]
        self.assertIs(invocation["executionSuccessful"], False)
        self.assertEqual([note["level"] for note in invocation["toolExecutionNotifications"]],
                         ["warning", "warning"])

    def test_invocation(self):
        report = reports.golden("race")
        report["program"] |= {"argv": ["./a.out", "-x"], "exit_status": 3, "pid": 42}
        invocation, = sarif(report)["runs"][0]["invocations"]
        self.assertEqual((invocation["arguments"], invocation["exitCode"], invocation["processId"]),
                         (["./a.out", "-x"], 3, 42))
        report["program"] |= {"exit_status": None, "signal": 11}
        invocation, = sarif(report)["runs"][0]["invocations"]
        self.assertEqual(invocation["exitSignalNumber"], 11)
        self.assertNotIn("exitCode", invocation)

    def test_second_of_a_fingerprint(self):
        report = reports.with_findings(1)
        report["findings"][0]["id"] = "1:0123456789abcdef-2"
        result, = results(sarif(report))
        self.assertEqual(result["partialFingerprints"]["primaryLocationLineHash"],
                         "0123456789abcdef:2")

    def test_paths(self):
        """Below the source root, or a module: never absolute."""
        cases = {reports.GOLDEN + "/src/garlic.c": "garlic.c", "/else/where/garlic.c": "garlic.c",
                 "./sub/../a b%.c": "a%20b%25.c", "/outside/x.c": "a.out", "../up.c": "a.out",
                 "x:y.c": "x%3Ay.c", None: "a.out", "": "a.out"}
        for path, uri in cases.items():
            report = reports.with_findings(1)
            finding = report["findings"][0]
            finding["threads"], finding["variable"] = [], None
            for site in finding["sites"]:
                for frame in site["stack"]:
                    if frame["module"] == "a.out":
                        frame["file"] = path
            with self.subTest(path):
                document = sarif(report)
                self.check_for_github(document)
                place = results(document)[0]["locations"][0]["physicalLocation"]
                self.assertEqual(place["artifactLocation"]["uri"], uri)
                if path and uri != "a.out":
                    self.assertEqual(place["region"]["startLine"], 11)
                    self.assertTrue(unquote(uri))

    def test_a_finding_without_places(self):
        report = reports.with_findings(1)
        report["findings"][0] |= {"sites": [], "threads": [], "variable": None}
        document = sarif(report)
        self.assertEqual(faults(document), [])
        self.check_for_github(document)
        place = results(document)[0]["locations"][0]["physicalLocation"]
        self.assertEqual(place["artifactLocation"]["uri"], "a.out")

    def test_limits(self):
        report = reports.with_findings(1)
        finding = report["findings"][0]
        finding["sites"] = finding["sites"][:1] * 1100
        step = {"thread": 1, "what": "step", "at": finding["sites"][0]["stack"][0]}
        finding["witness"] = [step | {"what": "step %d" % i} for i in range(1, 12001)]
        document = sarif(report)
        self.check_for_github(document)
        result, = results(document)
        self.assertEqual(len(result["relatedLocations"]), 1000)
        sites, witness = (steps(flow) for flow in result["codeFlows"])
        self.assertEqual((len(sites), len(witness)), (1000, 9000))
        self.assertEqual((witness[0][0], witness[-1][0]), (1, 12000))
        self.assertTrue(witness[-1][2].endswith("step 12000"))
        notes = [note["message"]["text"] for note in
                 document["runs"][0]["invocations"][0]["toolExecutionNotifications"]]
        self.assertIn("3000 steps were left out, since GitHub takes no more.", notes)
        self.assertTrue(any("places were left out" in note for note in notes), notes)
        del result["codeFlows"][1]["threadFlows"][0]["locations"][10:]  # the rest takes 20 s
        self.assertEqual(faults(document), [])

    def notes(self, document):
        invocation, = document["runs"][0]["invocations"]
        return [note["message"]["text"] for note in invocation["toolExecutionNotifications"]]

    def test_the_least_important_are_left_out(self):
        """What is suppressed, fixed and known, before a note and what is gated."""
        after = reports.with_findings(25002)
        for finding in after["findings"]:
            finding |= {"sites": [], "threads": [], "variable": None}
        after["findings"][1]["status"] = "suppressed"
        after["findings"][2]["severity"] = "note"
        fixed = after["findings"][0] | {"id": "1:%016x" % 0xf1}
        after["findings"].pop(0xf1)
        after["findings"].append(after["findings"][3] | {"id": "1:%016x" % 25002})
        before = after | {"findings": [fixed, after["findings"][0]]}
        document = json.loads(reports.difference(before, after, "sarif"))
        self.assertEqual({result["baselineState"] for result in results(document)}, {"new"})
        self.assertEqual([result["partialFingerprints"]["snarlFinding/v1"]
                          for result in results(document)],
                         [finding["id"] for finding in after["findings"][2:]])
        self.assertEqual(len(results(document)), 25000)
        self.assertEqual(self.notes(document),
                         ["3 findings were left out, since GitHub takes no more."])

    def test_the_largest_upload(self):
        """Names that cannot be compressed: 2,000 findings are 18 MB."""
        report = reports.with_findings(2000)
        words = random.Random(1)
        for finding in report["findings"]:
            finding["threads"] = []
            finding["sites"] = finding["sites"][:1]
            frame = finding["sites"][0]["stack"][0]
            finding["sites"][0]["stack"] = [
                frame | {"function": base64.b64encode(words.randbytes(700)).decode()}
                for _ in range(13)]
            finding |= {"variable": None, "gated": True}
        report["findings"][5]["status"] = "known"
        report["findings"][5]["gated"] = False
        out = reports.render(report, "sarif")
        size = len(gzip.compress(out, 6))
        self.assertLess(size, 10_000_000)
        self.assertGreater(size, 9_000_000)
        document = json.loads(out)
        self.check_for_github(document)
        kept = [result["partialFingerprints"]["snarlFinding/v1"] for result in results(document)]
        ids = [finding["id"] for finding in report["findings"]]
        self.assertEqual(kept, (ids[:5] + ids[6:])[:len(kept)])
        self.assertEqual(self.notes(document)[-1], "%d findings were left out, since GitHub takes "
                                                   "no more." % (2000 - len(kept)))

    def test_names_like_links(self):
        report = reports.with_findings(1)
        report["findings"][0]["title"] = "race on [x](9)"
        report["findings"][0]["variable"]["name"] = "a[3]](8)"
        document = sarif(report)
        self.check_for_github(document)
        text = results(document)[0]["message"]["text"]
        self.assertEqual([target for _, target in LINK.findall(text)], ["1", "2"])
        self.assertTrue(text.startswith("race on \\[x\\](9)."), text)

    def test_diff(self):
        document = json.loads(reports.difference(*reports.changed(), "sarif"))
        self.assertEqual(faults(document), [])
        self.assertEqual({result["partialFingerprints"]["snarlFinding/v1"][-1]:
                          result["baselineState"] for result in results(document)},
                         {"0": "absent", "1": "unchanged", "2": "new"})
        self.assertEqual([result["properties"]["gated"] for result in results(document)],
                         [False, True, False])


if __name__ == "__main__":
    unittest.main()
