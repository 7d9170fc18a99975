#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""All formats at once, of a program that runs: by `run`, and of its trace by `analyze`."""
import json
import os
import subprocess
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree

import github_test
import json_test
import reports
import sarif_test

PROGRAM = """#include <pthread.h>
static pthread_mutex_t fork_a = PTHREAD_MUTEX_INITIALIZER, fork_b = PTHREAD_MUTEX_INITIALIZER;
static void eat(pthread_mutex_t *first, pthread_mutex_t *second)
{
    pthread_mutex_lock(first);
    pthread_mutex_lock(second); /* the other one's first */
    pthread_mutex_unlock(second);
    pthread_mutex_unlock(first);
}
static void *diner(void *unused)
{
    eat(&fork_b, &fork_a);
    return unused;
}
int main(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, diner, NULL);
    eat(&fork_a, &fork_b);
    return pthread_join(thread, NULL);
}
"""
FORMS = ("json", "sarif", "junit", "github", "gitlab")


class Run(unittest.TestCase):
    def check(self, directory):
        """Whether the forks met in this run or could have: a deadlock of two threads."""
        document, log, issues = (json.load(open("%s/%s" % (directory, form), encoding="utf-8"))
                                 for form in ("json", "sarif", "gitlab"))
        self.assertEqual(json_test.faults(document), [])
        self.assertEqual(sarif_test.faults(log), [])
        finding, = (one for one in document["findings"] if one["kind"] == "deadlock")
        result, = (one for one in sarif_test.results(log) if one["ruleId"] == "deadlock")
        self.assertTrue(finding["gated"])
        self.assertEqual(result["partialFingerprints"]["snarlFinding/v1"], finding["id"])
        place = result["locations"][0]["physicalLocation"]
        self.assertEqual(place["artifactLocation"]["uri"], "src/forks.c")
        self.assertIn(place["region"]["startLine"], (5, 6))
        self.assertEqual(place["region"]["endColumn"],
                         len(PROGRAM.split("\n")[place["region"]["startLine"] - 1]) + 1)
        for flow in result["codeFlows"]:
            self.assertEqual(len(flow["threadFlows"]), 2)
        self.assertEqual(len(result["codeFlows"]), 2 if finding["witness"] else 1)
        suite = ElementTree.parse(directory + "/junit").getroot()[0]
        self.assertEqual(suite.get("failures"), str(document["summary"]["gated"]))
        with open(directory + "/github", "rb") as file:
            self.assertIn("src/forks.c", [properties.get("file") for _, properties, _ in
                                          github_test.commands(file.read())])
        self.assertIn(finding["id"], [issue["fingerprint"] for issue in issues])

    def test_run_and_analyze(self):
        with tempfile.TemporaryDirectory() as directory:
            os.mkdir(directory + "/src")
            with open(directory + "/src/forks.c", "w", encoding="utf-8") as file:
                file.write(PROGRAM)
            subprocess.run(["cc", "-g", "-O0", "-pthread", "src/forks.c", "-o", "forks"],
                           cwd=directory, check=True)
            formats = ["--format=%s:%s" % (form, form) for form in FORMS]
            reports.snarl("run", "--accesses=none", "--fail-on=all", "-o", "trace", *formats, "--",
                          "./forks", codes=(66,), cwd=directory)
            self.check(directory)
            for form in FORMS:
                os.unlink("%s/%s" % (directory, form))
            reports.snarl("analyze", "--fail-on=all", *formats, "trace", codes=(1,), cwd=directory)
            self.check(directory)


if __name__ == "__main__":
    unittest.main()
