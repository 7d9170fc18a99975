#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Names, paths and arguments of every evil sort, rendered by hostile.c: each format stays what it
is to a reader, and shows them as text."""
import html.parser
import json
import os
import re
import unittest
import xml.etree.ElementTree as ElementTree

import github_test
import json_test
import junit_test
import locking_test
import perfetto_test
import reports
import sarif_test


class Tags(html.parser.HTMLParser):
    """The tags of a page."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, tuple(attrs)))


class Hostile(unittest.TestCase):
    def each(self, form, *more):
        for number, out in reports.hostile(form, *more):
            with self.subTest(number=number, form=form):
                text = out.decode()  # UTF-8, strictly
                self.assertIsNone(reports.CONTROL.search(text.replace("\r", "\x00")))
                yield text

    def strings(self, value):
        if isinstance(value, str):
            yield value
        elif isinstance(value, (dict, list)):
            for part in value.values() if isinstance(value, dict) else value:
                yield from self.strings(part)

    def test_json(self):
        # Words of hostile.c's own; a variable that has one is no null either.
        allowed = ("place", "type", "access_source", "accesses", "variable")
        for number, out in reports.hostile("json", whole=True):
            document = json.loads(out.decode())
            for error in json_test.VALIDATOR.iter_errors(document):
                with self.subTest(number):
                    self.assertIn(error.path[-1], allowed)

    def test_locking(self):
        for number, out in reports.hostile("locking", whole=True):
            with self.subTest(number):
                self.assertEqual(locking_test.faults(json.loads(out.decode())), [])

    def test_sarif(self):
        check = sarif_test.Sarif().check_for_github
        for text in self.each("sarif"):
            document = json.loads(text)
            self.assertEqual(sarif_test.faults(document), [])
            check(document)
            for string in self.strings(document):
                self.assertIsNone(reports.CONTROL.search(string))

    def test_junit(self):
        check = junit_test.Junit().check_counts
        for text in self.each("junit"):
            root = ElementTree.fromstring(text)
            self.assertLessEqual({one.tag for one in root.iter()},
                                 {"testsuites", "testsuite", "testcase", "properties", "property",
                                  "failure", "skipped", "system-out", "system-err"})
            self.assertEqual(check(root[0]), ["failure"] * 3)

    def test_gitlab(self):
        for text in self.each("gitlab"):
            for issue in json.loads(text):
                path = issue["location"]["path"]
                self.assertTrue(path)
                self.assertFalse(os.path.isabs(path))
                self.assertNotIn("..", path.split("/"))

    def test_github(self):
        for text in self.each("github"):
            found = github_test.commands(text.encode())
            self.assertEqual([command for command, _, _ in found][:3],
                             ["error", "error", "warning"])
            for _, properties, message in found:
                self.assertLessEqual(set(properties), {"file", "line", "endLine", "col", "title"})
                self.assertLess(len(message), 65536)

    def test_summary(self):
        allowed = {("details", ()), ("summary", ()), ("pre", ())}
        for text in self.each("github", "summary"):
            self.assertLess(len(text.encode()), 1024 * 1024)
            self.assertEqual([len(row) for row in github_test.rows(text)], [6] * 3)
            self.assertLessEqual(set(Tags(text).found), allowed)

    def test_perfetto(self):
        for text in self.each("perfetto"):
            self.assertEqual(perfetto_test.faults(json.loads(text)), [])

    def test_html(self):
        if not reports.has("html"):
            self.skipTest("it was not built")
        plain = Tags(reports.render("nothing", "html").decode()).found
        for text in self.each("html"):
            self.assertEqual(Tags(text).found, plain)
            self.assertLess(len(text), 1000000)
            data, = re.findall('<script type="application/json" id="data">(.*?)</script>', text)
            document = json.loads(data)
            self.assertEqual([len(document[key]) for key in ("findings", "activities")], [3, 1])
            for string in self.strings(document):
                self.assertIsNone(reports.CONTROL.search(string))

    def test_text(self):
        for text in self.each("text"):
            self.assertIn("snarl: 3 findings", text)


if __name__ == "__main__":
    unittest.main()
