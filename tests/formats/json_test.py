#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""docs/snarl-report-1.schema.json against what snarl writes, and against what it never should."""
import copy
import json
import re
import unittest

import jsonschema
import reports

with open(reports.SOURCE + "/docs/snarl-report-1.schema.json", encoding="utf-8") as file:
    SCHEMA = json.load(file)
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def faults(document):
    return ["%s: %s" % (list(error.path), error.message[:200])
            for error in VALIDATOR.iter_errors(document)]


def put(document, path, value):
    """A copy of DOCUMENT with VALUE at PATH; without it if VALUE is `del`."""
    document = copy.deepcopy(document)
    at = document
    for key in path[:-1]:
        at = at[key]
    if value == "del":
        del at[path[-1]]
    else:
        at[path[-1]] = value
    return document


F = ("findings", 0)
FRAME = F + ("sites", 0, "stack", 0)
BROKEN = [
    (("schema",), "snarl-report/2"), (("schema",), "del"), (("findings",), "del"),
    (("findings",), {}), (("snarl",), 1), (("notes",), [1]),
    (("program", "argv"), "a.out"), (("program", "exit_status"), "0"),
    (("program", "exit_status"), 256), (("program", "signal"), 0),
    (("program", "timed_out"), None), (("processes", 0, "id"), 0),
    (("processes", 0, "argv"), [None]), (("recording", "complete"), "yes"),
    (("recording", "events"), -1), (("recording", "events"), 1.5),
    (("recording", "access_source"), "valgrind"), (("recording", "seconds"), "1"),
    (("recording", "coverage", 0, "accesses"), "all"), (("summary", "gated"), -1),
    (F + ("id",), "del"), (F + ("id",), "2:0123456789abcdef"), (F + ("id",), "1:0123"),
    (F + ("id",), "1:0123456789abcdef-0"), (F + ("kind",), "del"), (F + ("kind",), "race"),
    (F + ("kind",), "Data-Race"), (F + ("level",), "del"), (F + ("level",), "certain"),
    (F + ("suppressed_by",), "a.supp"), (F + ("severity",), "fatal"),
    (F + ("status",), "old"), (F + ("gated",), 1),
    (F + ("title",), 1), (F + ("count",), 0), (F + ("seen_in_source",), 1),
    (F + ("variable",), "garlic_count"),
    (F + ("variable", "place"), "register"), (F + ("variable", "size"), -4),
    (F + ("threads", 0, "id"), -1), (F + ("threads", 0, "created_at"), None),
    (F + ("sites", 0, "role"), "del"), (F + ("sites", 0, "role"), "looks"),
    (F + ("sites", 0, "lock"), 0), (F + ("sites", 0, "locks_held"), [0]),
    (F + ("sites", 0, "stack"), {}), (FRAME + ("line",), 0), (FRAME + ("line",), "7"),
    (FRAME + ("column",), -1), (FRAME + ("offset",), 16), (FRAME + ("offset",), "16"),
    (FRAME + ("inlined",), "no"), (FRAME + ("function",), ["main"]),
]


class Schema(unittest.TestCase):
    def test_it_is_one(self):
        jsonschema.Draft202012Validator.check_schema(SCHEMA)

    def test_reports_are_valid(self):
        for name in reports.GOLDEN_NAMES:
            if name == "hostile":  # it has words of its own, which snarl would not write
                continue
            with self.subTest(name):
                self.assertEqual(faults(reports.golden(name)), [])
                self.assertEqual(faults(json.loads(reports.render(name, "json"))), [])

    def test_reports_of_traces_are_valid(self):
        kinds = set()
        for name, out in reports.analyzed():
            document = json.loads(out)
            kinds |= {finding["kind"] for finding in document["findings"]}
            with self.subTest(name):
                self.assertEqual(faults(document), [])
        self.assertGreater(len(kinds), 5)

    def test_every_field_that_is_written_is_known(self):
        """Nobody adds a field and forgets the schema."""
        def check(value, schema, path):
            while "$ref" in schema:
                schema = SCHEMA["$defs"][schema["$ref"].rsplit("/", 1)[1]]
            if "anyOf" in schema:
                return check(value, schema["anyOf"][0], path)
            if isinstance(value, dict):
                for key, part in value.items():
                    self.assertIn(key, schema["properties"], path)
                    check(part, schema["properties"][key], path + "." + key)
            if isinstance(value, list):
                for part in value:
                    check(part, schema["items"], path)
            return None
        for name in "race", "deadlock", "predicted":
            check(json.loads(reports.render(name, "json")), SCHEMA, name)

    def test_broken_reports_are_not(self):
        report = json.loads(reports.render("race", "json"))
        self.assertEqual(faults(report), [])
        for path, value in BROKEN:
            with self.subTest("%s = %r" % (path, value)):
                self.assertNotEqual(faults(put(report, path, value)), [])
        lock = F + ("locks", 0, "type")
        locked = json.loads(reports.render("deadlock", "json"))
        self.assertNotEqual(faults(put(locked, lock, "monitor")), [])
        self.assertNotEqual(faults(put(locked, F + ("locks", 0, "id"), 0)), [])
        known = put(put(report, F + ("status",), "known"), F + ("gated",), False)
        self.assertEqual(faults(known), [])
        self.assertNotEqual(faults(put(known, F + ("gated",), True)), [])

    def test_suppressions(self):
        report = json.loads(reports.render("race", "json"))
        use = {"file": "a.supp", "line": 3, "reason": None, "until": "2027-01-31",
               "expired": False, "untried": None, "findings": 2}
        self.assertEqual(faults(put(report, ("suppressions",), [use])), [])
        again = json.loads(reports.render(put(report, ("suppressions",), [use]), "json"))
        self.assertEqual(again["suppressions"], [use])
        for field, value in ("line", 0), ("until", "soon"), ("expired", 1), ("findings", -1):
            self.assertNotEqual(faults(put(report, ("suppressions",), [use | {field: value}])), [])

    def test_fields_may_be_added_or_not_apply(self):
        report = json.loads(reports.render("race", "json"))
        for path in ("new",), ("program", "new"), F + ("new",), FRAME + ("new",):
            self.assertEqual(faults(put(report, path, {"x": 1})), [])
        for path in F + ("variable",), F + ("title",), FRAME + ("line",), ("program", "signal"):
            self.assertEqual(faults(put(report, path, None)), [])

    def test_kinds_are_those_of_snarl(self):
        listed = re.findall(r"^([a-z-]+) +(?:error|warning|note)", reports.snarl("list").decode(),
                            re.M)
        self.assertEqual(SCHEMA["$defs"]["kind"]["enum"], listed)

    def test_gated_is_what_the_summary_counts(self):
        report = reports.with_findings(4)
        for finding, status, gated in zip(report["findings"], ("new", "new", "known", "suppressed"),
                                          (None, False, None, None)):
            finding["status"] = status
            finding.pop("gated", None)
            if gated is not None:
                finding["gated"] = gated
        again = json.loads(reports.render(report, "json"))
        self.assertEqual([finding["gated"] for finding in again["findings"]],
                         [True, False, False, False])


if __name__ == "__main__":
    unittest.main()
