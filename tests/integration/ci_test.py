#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The recipes for GitHub and GitLab: their scripts, run as a runner runs them, with snarl as it is
installed."""
import re
import shutil
import subprocess
import unittest
import xml.etree.ElementTree

from recipes import EXPRESSION, GITLAB_SHELLS, SOURCE, Recipe


def build(there, directory, source, program):
    subprocess.run([there / "prefix/bin/snarl-cc", "-g", "-O1", "-pthread", f"-I{SOURCE}/include",
                    "-o", program, source], cwd=directory, check=True)


class Programs(Recipe):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for name in ("racy", "locked"):
            build(cls.there, SOURCE / "tests/integration/programs", f"{name}.c", cls.there / name)

    def run_script(self, script, shell, environment):
        return super().run_script(script, shell, {"RACY": str(self.there / "racy"),
                                                  "LOCKED": str(self.there / "locked"),
                                                  **environment})


class Action(Programs):
    def run_step(self, **inputs):
        return self.run_action(1, {name.replace("_", "-"): value for name, value in inputs.items()})

    def test_form(self):
        self.assertEqual(self.action["runs"]["using"], "composite")
        self.assertLessEqual({"name", "description", "inputs", "outputs"}, set(self.action))
        for told in [*self.action["inputs"].values(), *self.action["outputs"].values()]:
            self.assertTrue(told["description"])
        for step in self.action["runs"]["steps"]:
            self.assertNotIn("${{", step["run"])
        self.assertEqual(self.action["runs"]["steps"][1]["if"], "inputs.command != ''")
        used = EXPRESSION.findall(str(self.action["runs"]))
        self.assertEqual({f"inputs.{name}" for name in self.action["inputs"]},
                         {name for name in used if name.startswith("inputs.")})
        for output in self.action["outputs"].values():
            self.assertIn("steps.run.outputs.", output["value"])

    def test_installed_already(self):
        done = self.run_action(0, {})
        self.assertEqual((done.returncode, done.stdout), (0, ""))
        self.assertEqual((self.workspace / "GITHUB_PATH").read_text(), "")

    def test_a_race(self):
        (self.workspace / "src").mkdir()
        shutil.copy(SOURCE / "tests/integration/programs/racy.c", self.workspace / "src")
        build(self.there, self.workspace, "src/racy.c", "racy")
        done = self.run_step(command="./racy 'one two'")
        self.assertEqual(done.returncode, 66, done.stdout)
        self.assertIn("one two: done", done.stdout)
        annotations = [line for line in done.stdout.splitlines() if line.startswith("::error ")]
        self.assertEqual(len(annotations), 1, done.stdout)
        self.assertRegex(annotations[0], r"file=src/racy\.c,line=\d+.*data race on coins::")
        self.assertIn("data race on coins", (self.workspace / "GITHUB_STEP_SUMMARY").read_text())
        self.assertEqual(self.outputs(), {"json": "snarl-reports/snarl.json",
                                          "sarif": "snarl-reports/snarl.sarif"})
        self.assertEqual(self.report("snarl-reports/snarl.json")["summary"]["gated"], 1)
        self.assertEqual(self.report("snarl-reports/snarl.sarif")["version"], "2.1.0")

    def test_no_race(self):
        done = self.run_step(command='"$LOCKED"')
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertNotIn("::error", done.stdout)
        self.assertTrue((self.workspace / "GITHUB_STEP_SUMMARY").stat().st_size)
        self.assertEqual(self.run_step(command="exit 3").returncode, 3)

    def test_inputs(self):
        self.run_step(command='"$RACY"', reports="first reports")
        done = self.run_step(command='"$RACY"', baseline="first reports/snarl.json")
        self.assertEqual(done.returncode, 0, done.stdout)
        (self.workspace / "our own.supp").write_text(
            "suppress data-race\n  reason=x\n  variable=coins\n")
        done = self.run_step(command='"$RACY"', suppressions="our own.supp\n\n")
        self.assertEqual(done.returncode, 0, done.stdout)
        done = self.run_step(command='"$RACY"', fail_on="deadlock")
        self.assertEqual(done.returncode, 0, done.stdout)
        done = self.run_step(command='"$RACY"', options="--error-exitcode=9 -v")
        self.assertEqual(done.returncode, 9, done.stdout)

    def test_trouble_is_no_pass(self):
        for inputs in ({"options": "--frobnicate"}, {"baseline": "nowhere.json"},
                       {"fail_on": "everything"}, {"suppressions": "nowhere"}):
            done = self.run_step(command="true", **inputs)
            self.assertEqual(done.returncode, 125, done.stdout)
            self.assertEqual(self.outputs(), {})

    def test_inputs_are_no_code(self):
        hostile = "$(touch pwned)`touch pwned`';touch pwned;'\";touch pwned;\""
        for name in ("baseline", "suppressions", "fail_on", "options", "reports"):
            self.run_step(command="true", **{name: hostile})
            if name != "options":
                self.run_step(command="true", **{name: "--output=pwned"})
            self.assertFalse((self.workspace / "pwned").is_file(), name)

    def test_any_directory_for_reports(self):
        for name in ("a b", "--list", "x\ny=1\nz<<y", "deep/er"):
            (self.workspace / "GITHUB_OUTPUT").unlink(missing_ok=True)
            done = self.run_step(command='"$LOCKED"', reports=name)
            self.assertEqual(done.returncode, 0, done.stdout)
            self.assertEqual(self.outputs(), {"json": f"{name}/snarl.json",
                                              "sarif": f"{name}/snarl.sarif"})
            self.report(f"{name}/snarl.json")

    def test_output_gives_no_orders(self):
        done = self.run_step(command="echo ::error::mine; printf '::set-output name=x::y'")
        lines = done.stdout.splitlines()
        token = re.fullmatch("::stop-commands::([0-9a-f]{32})", lines[0])[1]
        again = lines.index(f"::{token}::")
        self.assertLess(lines.index("::error::mine"), again)
        self.assertFalse([line for line in lines[again + 1:] if "::error" in line])
        second = self.run_step(command="true").stdout.splitlines()[0]
        self.assertNotEqual(second, lines[0])


class Template(Programs):
    def run_job(self, command, shell, **variables):
        return self.run_template(shell, {"SNARL_COMMAND": command, **variables})

    def test_both_shells(self):
        for shell in GITLAB_SHELLS:
            done = self.run_job('"$RACY"', shell)
            self.assertEqual(done.returncode, 66, done.stdout)
            self.assertIn("data race on coins", done.stdout)
            reports = self.template["artifacts"]["reports"]
            quality = self.report(reports["codequality"])
            self.assertEqual([issue["check_name"] for issue in quality], ["data-race"])
            suite = xml.etree.ElementTree.parse(self.workspace / reports["junit"])
            self.assertEqual(len(list(suite.iter("failure"))), 1)

            done = self.run_job('"$LOCKED"', shell)
            self.assertEqual(done.returncode, 0, done.stdout)
            self.assertEqual(self.report(reports["codequality"]), [])

    def test_what_it_keeps(self):
        self.assertEqual(self.template["artifacts"]["when"], "always")
        for path in self.template["artifacts"]["reports"].values():
            self.assertTrue(path.startswith(self.template["artifacts"]["paths"][0]))

    def test_options_and_mistakes(self):
        shell = GITLAB_SHELLS[0]
        done = self.run_job('"$RACY"', shell, SNARL_OPTIONS="--fail-on=deadlock")
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertEqual(self.run_job("exit 3", shell).returncode, 3)
        self.assertEqual(self.run_job("", shell).returncode, 2)


if __name__ == "__main__":
    del Recipe, Programs  # they have no tests
    unittest.main()
