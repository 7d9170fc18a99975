#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""GitLab's Code Quality report: the fields that it asks for, and nothing that collapses."""
import json
import unittest

import reports


def issues(report):
    return json.loads(reports.render(report, "gitlab"))


class Gitlab(unittest.TestCase):
    def check(self, found):
        for issue in found:
            self.assertTrue(issue["description"] and issue["check_name"])
            self.assertIn(issue["severity"], ("info", "minor", "major", "critical", "blocker"))
            self.assertFalse(issue["location"]["path"].startswith(("/", "./", "../")))
            self.assertGreaterEqual(issue["location"]["lines"]["begin"], 1)
        self.assertEqual(len({issue["fingerprint"] for issue in found}), len(found))

    def test_goldens(self):
        for name in reports.GOLDEN_NAMES:
            with self.subTest(name):
                found = issues(name)
                if name not in ("possible", "cousins"):  # one finding many times, made by hand
                    self.check(found)
                self.assertEqual(len(found), sum(one["status"] != "suppressed" for one in
                                                 reports.golden(name)["findings"]))

    def test_race(self):
        self.assertEqual(issues("race"), [{
            "type": "issue", "check_name": "data-race", "fingerprint": "1:67afbf117bb3673f",
            "description": "data race on garlic_count (observed): thread 1 (Barron) writes "
                           "garlic_count, holding no lock; thread 2 (Olivia) writes garlic_count, "
                           "holding no lock",
            "severity": "critical", "location": {"path": "garlic.c", "lines": {"begin": 11}}}])

    def test_severities(self):
        report = reports.with_findings(5)
        for finding, (severity, level) in zip(report["findings"], (
                ("error", "predicted"), ("error", "possible"), ("warning", "observed"),
                ("warning", "possible"), ("note", "observed"))):
            finding |= {"severity": severity, "level": level}
        self.assertEqual([issue["severity"] for issue in issues(report)],
                         ["critical", "major", "major", "minor", "info"])

    def test_known_ones_stay_and_suppressed_ones_do_not(self):
        self.assertEqual([issue["check_name"] for issue in issues("known")], ["data-race"])
        self.assertEqual(issues("nothing"), [])

    def test_diff(self):
        found = json.loads(reports.difference(*reports.changed(), "gitlab"))
        self.check(found)
        self.assertEqual([issue["fingerprint"][-1] for issue in found], ["1", "2"])


if __name__ == "__main__":
    unittest.main()
