#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What `snarl diff` writes as JSON, against docs/snarl-diff-1.schema.json, and as text. The other
formats have their difference in their own tests."""
import json
import unittest

import json_test
import jsonschema
import reports

with open(reports.SOURCE + "/docs/snarl-diff-1.schema.json", encoding="utf-8") as file:
    SCHEMA = json.load(file)


def whole_schema():
    """With the report's in it: Debian's validator does not follow a URN."""
    reference = json_test.SCHEMA["$id"] + "#/"
    assert reference in json.dumps(SCHEMA)
    schema = json.loads(json.dumps(SCHEMA).replace(reference, "#/"))
    schema["$defs"] |= json_test.SCHEMA["$defs"]
    return schema


VALIDATOR = jsonschema.Draft202012Validator(whole_schema())
LISTS = "new", "fixed", "unchanged", "suppressed"


def faults(document):
    return ["%s: %s" % (list(error.path), error.message[:200])
            for error in VALIDATOR.iter_errors(document)]


def suppressed_too():
    """The reports of reports.changed(), with a suppressed finding in each."""
    before, after = reports.changed()
    for report, number in (before, 8), (after, 9):
        report["findings"].append(report["findings"][0] | {"id": "1:%016x" % number,
                                                           "status": "suppressed"})
    return before, after


class Diff(unittest.TestCase):
    def test_it_is_a_schema(self):
        jsonschema.Draft202012Validator.check_schema(SCHEMA)

    def test_json(self):
        document = json.loads(reports.difference(*suppressed_too(), "json"))
        self.assertEqual(faults(document), [])
        self.assertEqual({name: [finding["id"][-1] for finding in document[name]]
                          for name in LISTS},
                         {"new": ["2"], "fixed": ["0"], "unchanged": ["1"], "suppressed": ["9"]})
        self.assertEqual([document[name][0]["gated"] for name in LISTS],
                         [True, False, False, False])
        self.assertEqual(set(document) - set(SCHEMA["properties"]), set())

    def test_goldens(self):
        names = [name for name in reports.GOLDEN_NAMES if name != "hostile"]
        for before, after in zip(names, names[1:] + names[:1]):
            with self.subTest(before + " to " + after):
                document = json.loads(reports.difference(reports.golden(before),
                                                         reports.golden(after), "json"))
                self.assertEqual(faults(document), [])
                listed = sum(len(document[name]) for name in LISTS if name != "fixed")
                self.assertEqual(listed, len(reports.golden(after)["findings"]))

    def test_broken_ones_are_told(self):
        document = json.loads(reports.difference(*suppressed_too(), "json"))
        for path, value in (
                (("schema",), "snarl-diff/2"), (("new",), None), (("fixed",), "del"),
                (("unchanged",), {}), (("snarl",), 1), (("new", 0, "kind"), "race"),
                (("fixed", 0, "sites", 0, "role"), "del"), (("new", 0, "status"), "suppressed"),
                (("unchanged", 0, "status"), "new"), (("suppressed", 0, "status"), "new"),
                (("fixed", 0, "gated"), True)):
            with self.subTest("%s = %r" % (path, value)):
                self.assertNotEqual(faults(json_test.put(document, path, value)), [])
        self.assertEqual(faults(json_test.put(document, ("more",), 1)), [])

    def test_text(self):
        lines = reports.difference(*suppressed_too(), "text").decode().split("\n")
        self.assertEqual([line for line in lines if line and not line.startswith(" ")],
                         ["new: error: number 2 [data-race, observed]",
                          "fixed: error: number 0 [data-race, observed]",
                          "snarl: 1 new, 1 fixed, 1 unchanged, 1 suppressed"])


if __name__ == "__main__":
    unittest.main()
