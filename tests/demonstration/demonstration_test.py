#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The demonstration: its CI passes, again and again, with the race that it knows of; it fails with
the one that a patch brings, and shows what both threads did. So it does where a history of runs is
the baseline, by the recipes of docs/HISTORY.md."""
import json
import re
import shutil
import subprocess
import unittest

import jsonschema
import yaml
from recipes import EXPRESSION, GITLAB_SHELLS, SOURCE, Recipe

REPOSITORY = SOURCE / "tests/demonstration/repository"
SCHEMA = jsonschema.Draft7Validator(json.loads(
    (SOURCE / "tests/formats/sarif-schema-2.1.0.json").read_text()))
# What the patch brings: both threads do this, without the lock.
RACY_LINE = "stall->coins += PRICE * heads;"


class Demonstration(Recipe):
    def setUp(self):
        super().setUp()
        shutil.copytree(REPOSITORY, self.workspace, dirs_exist_ok=True)
        self.git("init", "--quiet")
        self.commit()

    def git(self, *arguments):
        return subprocess.run(
            ["git", "-c", "user.name=me", "-c", "user.email=me@example.org", *arguments],
            cwd=self.workspace, stdout=subprocess.PIPE, check=True, text=True,
            env={"PATH": "/usr/bin:/bin", "HOME": str(self.workspace)}).stdout

    def commit(self):
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message=A step")

    def patch(self):
        """Returns the line of the race that it brings."""
        self.git("apply", "introduce-race.patch")
        self.commit()
        text = (self.workspace / "src/stall.c").read_text()
        return text[:text.index(RACY_LINE)].count("\n") + 1

    # ---- GitHub ----

    def run_step(self, step):
        """Returns the processes that were run: none to check out, to upload, and for caches."""
        uses = step.get("uses", "")
        if "run" in step:
            return [self.run_github(step["run"], {"GITHUB_REF_NAME": "main"})]
        if not uses.startswith("OWNER/snarl@"):
            self.assertRegex(uses, "^(actions/(checkout|cache)|github/codeql-action/upload-sarif)")
            return []
        numbers = (0, 1) if step.get("with", {}).get("command") else (0,)
        return [self.run_action(number, step.get("with", {})) for number in numbers]

    def run_steps(self, steps):
        """Returns the exit code and what was printed."""
        for name in "GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY":
            (self.workspace / name).unlink(missing_ok=True)
        code, printed = 0, ""
        for step in steps:
            if not code or "!cancelled()" in step.get("if", ""):
                for done in self.run_step(step):
                    code, printed = code or done.returncode, printed + done.stdout
        return code, printed

    def run_workflow(self):
        """Returns the exit code, what was printed, the summary, and the SARIF that is uploaded."""
        workflow = yaml.safe_load((self.workspace / ".github/workflows/ci.yml").read_text())
        job, = workflow["jobs"].values()
        code, printed = self.run_steps(job["steps"])
        name, = EXPRESSION.findall(job["steps"][-1]["with"]["sarif_file"])
        self.assertEqual(name, "steps.snarl.outputs.sarif")
        self.assertIn("!cancelled()", job["steps"][-1]["if"])
        summary = (self.workspace / "GITHUB_STEP_SUMMARY").read_text()
        return code, printed, summary, self.report(self.outputs()["sarif"])

    def check_sarif(self, sarif, new_line=None):
        """It is valid, and has as new results: nothing, or the race at that line."""
        faults = [error.message for error in SCHEMA.iter_errors(sarif)]
        self.assertEqual(faults, [])
        run, = sarif["runs"]
        told = [result for result in run["results"] if not result["suppressions"]]
        self.assertEqual(len(run["results"]) - len(told), 1)
        known = [result for result in told if result["baselineState"] == "unchanged"]
        self.assertEqual([result["properties"]["variable"]["name"] for result in known],
                         ["visitors"])
        new = [result for result in told if result["baselineState"] != "unchanged"]
        if not new_line:
            self.assertEqual(new, [])
            return
        result, = new
        self.assertEqual((result["baselineState"], result["ruleId"], result["level"]),
                         ("new", "data-race", "error"))
        flow, = result["codeFlows"]
        self.assertEqual(len(flow["threadFlows"]), 2)
        self.assertEqual(len({thread["id"] for thread in flow["threadFlows"]}), 2)
        for thread in flow["threadFlows"]:
            self.assertTrue(thread["locations"])
            for step in thread["locations"]:
                place = step["location"]["physicalLocation"]
                self.assertEqual((place["artifactLocation"]["uri"], place["region"]["startLine"]),
                                 ("src/stall.c", new_line))
        place = result["locations"][0]["physicalLocation"]
        self.assertEqual((place["artifactLocation"]["uri"], place["region"]["startLine"]),
                         ("src/stall.c", new_line))

    def test_github(self):
        for _ in range(5):
            code, printed, summary, sarif = self.run_workflow()
            self.assertEqual(code, 0, printed)
            self.assertNotIn("::error", printed)
            self.assertIn("data race on visitors", printed)
            self.assertIn("known", summary)
            self.check_sarif(sarif)
            self.assertEqual(self.report("snarl-reports/snarl.json")["summary"]["gated"], 0)
        self.assertEqual(self.git("status", "--porcelain", "--", "src", "*.json"), "")

        line = self.patch()
        code, printed, summary, sarif = self.run_workflow()
        self.assertEqual(code, 66, printed)
        self.check_sarif(sarif, line)
        annotations = re.findall(r"^::error (.*)", printed, re.M)
        self.assertEqual(len(annotations), 1, printed)
        self.assertIn(f"file=src/stall.c,line={line}", annotations[0])
        rows = [re.sub(r"\\(.)", r"\1", row) for row in summary.splitlines() if "gated**" in row]
        self.assertEqual(len(rows), 1, summary)
        self.assertIn("| data race on stall.coins |", rows[0])
        self.assertIn(f"| src/stall.c:{line} |", rows[0])

    # ---- GitLab ----

    def test_gitlab(self):
        job = yaml.safe_load((self.workspace / ".gitlab-ci.yml").read_text())["races"]
        self.assertEqual(job["extends"], ".snarl")

        def run(shell):
            done = self.run_template(shell, job["variables"], job["before_script"])
            issues = self.report(self.template["artifacts"]["reports"]["codequality"])
            return done, [(issue["location"]["path"], issue["location"]["lines"]["begin"])
                          for issue in issues if "visitors" not in issue["description"]]

        for shell in GITLAB_SHELLS:
            done, places = run(shell)
            self.assertEqual((done.returncode, places), (0, []), done.stdout)
        line = self.patch()
        for shell in GITLAB_SHELLS:
            done, places = run(shell)
            self.assertEqual((done.returncode, places), (66, [("src/stall.c", line)]), done.stdout)

    # ---- a history as the baseline ----

    def recipe(self, heading):
        """What is indented below that heading of docs/HISTORY.md."""
        text = (SOURCE / "docs/HISTORY.md").read_text().split(f"### {heading}\n")[1]
        lines = text.split("\n#")[0].splitlines()
        return yaml.safe_load("\n".join(line for line in lines if line.startswith("    ")))

    def build(self):
        self.assertEqual(self.run_script(
            "cmake -S . -B build -DCMAKE_C_COMPILER=snarl-cc "
            "-DCMAKE_DISABLE_FIND_PACKAGE_snarl=ON && cmake --build build", ["bash", "-e"],
            {}).returncode, 0)

    def check_history(self, run):
        """RUN passes with what earlier runs had, and only then."""
        self.build()
        for code, said in (66, "2 of them new"), (0, "0 of them new"), (0, "0 of them new"):
            found, printed = run()
            self.assertEqual(found, code, printed)
            self.assertIn(said, printed)
        self.patch()
        self.build()
        found, printed = run()
        self.assertEqual(found, 66, printed)
        self.assertIn("1 of them new", printed)
        done = self.run_script("snarl history list --db=history.db", ["sh"], {})
        self.assertRegex(done.stdout, r"steady +4 of 4 .* data race on visitors")
        self.assertRegex(done.stdout, r"steady +1 of 1 .* data race on stall.coins")

    def test_history_on_github(self):
        steps = self.recipe("On GitHub")
        self.check_history(lambda: self.run_steps(steps))

    def test_history_on_gitlab(self):
        job = self.recipe("On GitLab")["races"]
        self.assertEqual(job["cache"]["when"], "always")

        def run():
            variables = job["variables"] | {"CI_COMMIT_REF_NAME": "main"}
            done = self.run_template(GITLAB_SHELLS[1], variables, job["before_script"])
            after = self.run_script("\n".join(job["after_script"]), GITLAB_SHELLS[1], variables)
            return done.returncode, done.stdout + after.stdout

        self.check_history(run)

    # ---- who works on it ----

    def run_tests(self):
        return self.run_script("cmake -S . -B build -DCMAKE_C_COMPILER=snarl-cc >log\n"
                               "cmake --build build >>log\n"
                               "ctest --test-dir build --output-on-failure", ["bash", "-e"], {})

    def test_find_package(self):
        done = self.run_tests()
        self.assertEqual(done.returncode, 0, done.stdout)
        self.check_sarif(self.report("build/reports/market.sarif"))
        line = self.patch()
        done = self.run_tests()
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("data race on", done.stdout)
        self.check_sarif(self.report("build/reports/market.sarif"), line)


if __name__ == "__main__":
    del Recipe
    unittest.main()
