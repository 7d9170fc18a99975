#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""`check --with`: what a run and the source both have is told once; and each format shows it."""
import json
import pathlib
import subprocess
import tempfile
import unittest
import xml.dom.minidom

import checking

CASE = checking.TREE / "testcases/self-deadlock/garlic-and-potatoes.c"
OTHER = checking.HERE / "cases/twice.c"
SENTENCE = "seen in the source, and observed at run time"


class Merged(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.TemporaryDirectory()
        cls.at = pathlib.Path(cls.directory.name)
        subprocess.run(["gcc", "-g", "-O1", "-pthread", "-o", cls.at / "a.out", CASE], check=True)
        cls.run_report = cls.at / "run.json"
        subprocess.run([checking.SNARL, "run", "--json", cls.run_report, "--", cls.at / "a.out"],
                       stdin=subprocess.DEVNULL, capture_output=True, check=False)
        cls.seen = json.loads(cls.run_report.read_text())

    @classmethod
    def tearDownClass(cls):
        cls.directory.cleanup()

    def check(self, path, *options):
        return checking.report([path, *options, *checking.flags(path)])

    def test_told_once(self):
        merged = self.check(CASE, "--with", self.run_report)
        (finding,) = merged["findings"]
        (before,) = self.seen["findings"]
        self.assertEqual(finding["kind"], "self-deadlock")
        self.assertEqual(finding["level"], "observed")
        self.assertTrue(finding["seen_in_source"])
        self.assertIn(SENTENCE, finding["explanation"].partition("What to do")[0])
        self.assertIn("What to do: ", finding["explanation"])
        self.assertEqual(finding["sites"], before["sites"])
        self.assertEqual(merged["program"], self.seen["program"])
        self.assertEqual(merged["summary"]["observed"], 1)
        self.assertEqual(merged["summary"]["possible"], 0)

    def test_twice_is_the_same(self):
        once = self.at / "once.json"
        once.write_text(json.dumps(self.check(CASE, "--with", self.run_report)))
        self.assertEqual(self.check(CASE, "--with", once), json.loads(once.read_text()))

    def test_others_are_added(self):
        alone = self.check(OTHER)
        merged = self.check(OTHER, "--with", self.run_report)
        self.assertEqual(merged["findings"], self.seen["findings"] + alone["findings"])
        self.assertEqual(merged["summary"]["possible"], len(alone["findings"]))
        self.assertEqual(merged["summary"]["observed"], 1)

    def test_ids_stay(self):
        moved = self.at / "twice.c"
        moved.write_text("\n\n\n" + OTHER.read_text())
        ids = [[f["id"] for f in self.check(path)["findings"]] for path in (OTHER, moved)]
        self.assertEqual(*ids)
        self.assertEqual(len(set(ids[0])), len(ids[0]))

    def test_formats(self):
        for name, path, options in (("alone", OTHER, []), ("merged", CASE,
                                                           ["--with", self.run_report])):
            report = self.at / f"{name}.json"
            checking.run([path, *options, "-o", report, *checking.flags(path)])
            titles = [f["title"] for f in json.loads(report.read_text())["findings"]]
            for form in ("text", "json", "sarif", "junit", "html", "github", "gitlab"):
                out = self.at / f"{name}.{form}"
                done = subprocess.run([checking.SNARL, "report", f"--format={form}:{out}", report],
                                      capture_output=True, text=True, check=False)
                self.assertEqual(done.returncode, 0, done.stderr)
                text = out.read_text()
                if form in ("json", "sarif", "gitlab"):
                    text = json.dumps(json.loads(text))
                elif form == "junit":
                    xml.dom.minidom.parseString(text)
                for title in titles:
                    wanted = title.replace(",", "%2C") if form == "github" else title
                    self.assertIn(wanted, text, form)


if __name__ == "__main__":
    unittest.main()
