#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""JUnit by an XML parser: its counts are those of its cases, and say what the gate says."""
import json
import unittest
import xml.etree.ElementTree as ElementTree

import reports


def suite(report, *options):
    root = ElementTree.fromstring(reports.render(report, "junit", *options))
    assert root.tag == "testsuites"
    one, = root
    return one


def outcome(case):
    for name in "failure", "error", "skipped":
        if case.find(name) is not None:
            return name
    return "passed"


class Junit(unittest.TestCase):
    def check_counts(self, one):
        cases = one.findall("testcase")
        outcomes = [outcome(case) for case in cases]
        self.assertGreater(len(cases), 0)
        self.assertEqual(int(one.get("tests")), len(cases))
        self.assertEqual(int(one.get("failures")), outcomes.count("failure"))
        self.assertEqual(int(one.get("errors")), outcomes.count("error"))
        self.assertEqual(int(one.get("skipped")), outcomes.count("skipped"))
        self.assertEqual(len({(case.get("classname"), case.get("name")) for case in cases}),
                         len(cases))
        return outcomes

    def test_goldens(self):
        for name in reports.GOLDEN_NAMES:
            with self.subTest(name):
                one = suite(name)
                outcomes = self.check_counts(one)
                findings = reports.golden(name)["findings"]
                gated = [json.loads(reports.render(name, "json"))["findings"][i]["gated"]
                         for i in range(len(findings))]
                self.assertEqual(outcomes.count("failure"), sum(gated))
                self.assertEqual(len(outcomes), max(1, len(findings)))

    def test_race(self):
        one = suite("race")
        case, = one.findall("testcase")
        self.assertEqual(dict(case.attrib), {"classname": "data-race", "file": "garlic.c",
                                             "name": "data race on garlic_count", "line": "11"})
        failure = case.find("failure")
        self.assertEqual(failure.get("message"), "data race on garlic_count")
        self.assertEqual(failure.get("type"), "data-race")
        self.assertIn("thread 1 (Barron) writes garlic_count, holding no lock at garlic.c:11\n",
                      failure.text)
        self.assertIn("What to do: Guard every access", failure.text)
        story = case.find("system-out").text
        self.assertIn(">   11 |         garlic_count++;", story)
        self.assertIn("Id: 1:67afbf117bb3673f", story)
        self.assertEqual(one.get("name"), "snarl: a.out")
        self.assertEqual(one.get("time"), "1.250")

    def test_properties(self):
        report = reports.golden("race")
        report["summary"] = {"observed": 1, "predicted": 2, "possible": 3, "suppressed": 4,
                             "gated": 5}
        report["program"]["argv"] = ["./a.out", "--x"]
        found = {one.get("name"): one.get("value")
                 for one in suite(report).find("properties")}
        self.assertEqual(found, found | {"program": "./a.out --x", "observed": "1",
                                         "predicted": "2", "possible": "3", "suppressed": "4",
                                         "gated": "5", "complete": "true"})

    def test_status(self):
        one = suite("known")
        self.assertEqual(self.check_counts(one), ["skipped", "skipped"])
        self.assertEqual([case.find("skipped").get("message") for case in one.iter("testcase")],
                         ["known: it is in the baseline", "suppressed"])
        self.assertIn("snarl: warning: the recording is incomplete", one.find("system-err").text)

    def test_who_suppressed(self):
        report = reports.with_findings(1)
        by = {"file": "a.supp", "line": 3, "reason": "it is <late>"}
        report["findings"][0] |= {"status": "suppressed", "suppressed_by": by}
        case, = suite(report).iter("testcase")
        self.assertEqual(case.find("skipped").get("message"),
                         "suppressed by a.supp:3: it is <late>")
        self.assertIn("a.supp:3", case.find("system-out").text)

    def test_what_does_not_gate_passes(self):
        report = reports.with_findings(2)
        report["findings"][0]["gated"] = False
        one = suite(report)
        self.assertEqual(self.check_counts(one), ["passed", "failure"])
        self.assertIn("writes garlic_count", one.find("testcase/system-out").text)

    def test_nothing(self):
        one = suite("nothing")
        self.assertEqual(self.check_counts(one), ["passed"])
        self.assertEqual(one.find("testcase").get("name"), "no hazard was found")

    def test_same_titles(self):
        report = reports.with_findings(3)
        for finding in report["findings"]:
            finding["title"] = "the same"
        one = suite(report)
        self.check_counts(one)
        self.assertEqual(one.find("testcase").get("name"), "the same (1:0000000000000000)")

    def test_diff(self):
        one, = ElementTree.fromstring(reports.difference(*reports.changed(), "junit"))
        self.check_counts(one)
        self.assertEqual({case.get("name"): outcome(case) for case in one.iter("testcase")},
                         {"number 0": "passed", "number 1": "skipped", "number 2": "failure"})
        fixed = next(case for case in one.iter("testcase") if case.get("name") == "number 0")
        self.assertIn("fixed", fixed.find("system-out").text)


if __name__ == "__main__":
    unittest.main()
