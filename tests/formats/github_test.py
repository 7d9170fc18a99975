#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""GitHub's annotations, read as its runner does, and the table for a step's summary."""
import re
import tempfile
import unittest

import reports

COMMAND = re.compile(r"\A::([a-z-]+)(?: ([^\n]*?))?::(.*)\Z")


def unescape(text, pairs):
    for code, character in pairs:
        text = text.replace(code, character)
    return text


DATA = [("%0D", "\r"), ("%0A", "\n"), ("%25", "%")]
PROPERTY = [("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")]


def commands(out):
    """(command, properties, message) of each line: every line has to be one."""
    found = []
    for line in out.decode().split("\n")[:-1]:
        match = COMMAND.match(line)
        assert match, line[:200]
        properties = dict(part.split("=", 1) for part in (match[2] or "").split(",") if part)
        found.append((match[1], {key: unescape(value, PROPERTY)
                                 for key, value in properties.items()}, unescape(match[3], DATA)))
    return found


def summary(report, *options, before=""):
    with tempfile.NamedTemporaryFile("r+", encoding="utf-8") as file:
        file.write(before)
        file.flush()
        reports.render(report, "github", *options, GITHUB_STEP_SUMMARY=file.name)
        file.seek(0)
        return file.read()


def rows(text):
    """The cells of the table's rows, without its head."""
    lines = [line for line in text.split("\n") if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


class Github(unittest.TestCase):
    def test_race(self):
        (command, properties, message), = commands(reports.render("race", "github"))
        self.assertEqual(command, "error")
        self.assertEqual(properties, {"file": "garlic.c", "line": "11", "endLine": "11",
                                      "col": "21", "title": "data race on garlic_count"})
        self.assertEqual(message.split("\n")[:2], [
            "thread 1 (Barron) writes garlic_count, holding no lock at garlic.c:11",
            "thread 2 (Olivia) writes garlic_count, holding no lock at garlic.c:11"])
        self.assertIn("What to do: Guard every access", message)
        self.assertTrue(message.endswith("data-race, observed, id 1:67afbf117bb3673f"))

    def test_advice_begins_a_line(self):
        report = reports.golden("race")
        report["findings"][0]["explanation"] = "They meet.\nWhat to do: Take a lock."
        (_, _, message), = commands(reports.render(report, "github"))
        self.assertIn("\nThey meet.\nWhat to do: Take a lock.\n", message)

    def test_commands_by_severity_and_gate(self):
        report = reports.with_findings(5)
        changes = [{}, {"gated": False}, {"severity": "warning"}, {"severity": "note"},
                   {"status": "known"}]
        for finding, change in zip(report["findings"], changes):
            finding |= change
        self.assertEqual([command for command, _, _ in commands(reports.render(report, "github"))],
                         ["error", "warning", "warning", "notice"])

    def test_escapes(self):
        report = reports.with_findings(1)
        report["findings"][0]["title"] = "50%: a,b\n::error::x%0A"
        report["findings"][0]["explanation"] = "100%, %0A\n::set-output name=x::y"
        (_, properties, message), = commands(reports.render(report, "github"))
        self.assertEqual(properties["title"], "50%: a,b\\x0a::error::x%0A")
        self.assertIn("100%, %0A\\x0a::set-output name=x::y", message)

    def test_no_source(self):
        report = reports.with_findings(1)
        report["findings"][0] |= {"sites": [], "threads": [], "variable": None}
        (_, properties, _), = commands(reports.render(report, "github"))
        self.assertEqual(list(properties), ["title"])

    def test_remarks(self):
        self.assertEqual([(command, properties) for command, properties, _ in
                          commands(reports.render("known", "github"))],
                         [("warning", {"title": "snarl"})] * 2)
        self.assertEqual(reports.render("nothing", "github"), b"")

    def test_summary(self):
        text = summary("known", before="# before\n")
        self.assertTrue(text.startswith("# before\n### snarl: a\\.out\n"))
        self.assertEqual([(row[0], row[4]) for row in rows(text)],
                         [("error", "known"), ("error", "suppressed")])
        report = reports.golden("race")
        report["program"]["argv"] = ["/bin/bash", "-c", "make *check*\n# all"]
        self.assertTrue(summary(report).startswith("### snarl: make \\*check\\*"))
        self.assertNotIn("\n# all", summary(report))
        self.assertIn("Warning: the recording is incomplete", text)
        self.assertNotIn("<details>", text)
        text = summary("race")
        self.assertEqual([row[3:5] for row in rows(text)],
                         [["garlic\\.c:11", "new, **gated**"]])
        self.assertIn("<pre>\nerror: data race on garlic_count", text)
        self.assertIn("&gt;   11 |", text)

    def test_summary_goes_where_it_can_only(self):
        self.assertIn(b"::error", reports.render("race", "github", GITHUB_STEP_SUMMARY=""))
        reports.snarl("report", "--format=github", reports.GOLDEN + "/race.json", codes=(2,),
                      GITHUB_STEP_SUMMARY="/nowhere/at/all")
        with tempfile.NamedTemporaryFile("r") as file:
            reports.render("race", "sarif", GITHUB_STEP_SUMMARY=file.name)
            self.assertEqual(file.read(), "")

    def test_summary_is_not_too_large(self):
        report = reports.with_findings(8000)
        text = summary(report)
        self.assertLess(len(text.encode()), 1024 * 1024)
        left = int(re.search(r"^And (\d+) findings more\.$", text, re.M)[1])
        self.assertEqual(len(rows(text)) + left, 8000)

    def test_diff(self):
        with tempfile.NamedTemporaryFile("r", encoding="utf-8") as file:
            out = reports.difference(*reports.changed(), "github", GITHUB_STEP_SUMMARY=file.name)
            table = rows(file.read())
        self.assertEqual([properties["title"] for _, properties, _ in commands(out)], ["number 2"])
        self.assertEqual({row[1]: row[4] for row in table},
                         {"number 0": "fixed", "number 1": "known", "number 2": "new, **gated**"})


if __name__ == "__main__":
    unittest.main()
