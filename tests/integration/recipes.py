# SPDX-License-Identifier: Apache-2.0
"""What runs recipes for CI as a runner of GitHub or GitLab does, with snarl as it is installed."""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

try:
    import yaml
except ImportError:
    print("no python3-yaml")
    sys.exit(77)

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BUILD = os.environ["BUILD"]
GITHUB_SHELL = ["bash", "--noprofile", "--norc", "-eo", "pipefail"]
GITLAB_SHELLS = ["bash", "-eo", "pipefail"], ["sh", "-e"]
EXPRESSION = re.compile(r"\$\{\{ *([a-z._-]+) *\}\}")


class Recipe(unittest.TestCase):
    """Has snarl in `there/prefix`, and an empty workspace for each test."""

    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory(prefix="ci-test.")
        cls.there = pathlib.Path(cls.temporary.name)
        subprocess.run(["cmake", "--install", BUILD, "--prefix", cls.there / "prefix"],
                       stdout=subprocess.DEVNULL, check=True)
        cls.action = yaml.safe_load((SOURCE / "action.yml").read_text())
        cls.template = yaml.safe_load((SOURCE / "ci/gitlab/snarl.yml").read_text())[".snarl"]

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def setUp(self):
        own = tempfile.TemporaryDirectory(prefix="work space.", dir=self.there)
        self.addCleanup(own.cleanup)
        self.workspace = pathlib.Path(own.name)

    def run_script(self, script, shell, environment):
        """The script, from a file and in an environment of its own, as a runner does it."""
        file = self.there / "script.sh"
        file.write_text(script)
        path = f"{self.there}/prefix/bin:/usr/bin:/bin"
        return subprocess.run([*shell, file], cwd=self.workspace, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              check=False, env={"PATH": path, "HOME": str(self.workspace),
                                                "LANG": "C.UTF-8",
                                                "ASAN_OPTIONS": "verify_asan_link_order=0",
                                                **environment})

    def run_github(self, script, environment):
        """The script of a step."""
        for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_PATH"):
            (self.workspace / name).touch()
            environment[name] = str(self.workspace / name)
        environment |= {"GITHUB_WORKSPACE": str(self.workspace), "GITHUB_ACTIONS": "true",
                        "CI": "true", "RUNNER_TEMP": str(self.workspace / "temp")}
        return self.run_script(script, GITHUB_SHELL, environment)

    def run_action(self, number, inputs):
        """A step of the action with these inputs."""
        step = self.action["runs"]["steps"][number]
        self.assertEqual(step["shell"], "bash")
        known = {f"inputs.{name}": told.get("default", "")
                 for name, told in self.action["inputs"].items()}
        known |= {f"inputs.{name}": value for name, value in inputs.items()}
        known["github.action_path"] = str(SOURCE)
        return self.run_github(step["run"],
                               {name: EXPRESSION.sub(lambda found: known[found[1]], value)
                                for name, value in step["env"].items()})

    def outputs(self):
        """The outputs of steps: NAME<<END, lines, END."""
        text = (self.workspace / "GITHUB_OUTPUT").read_text()
        found = re.findall(r"^(\w+)<<(\w+)\n(.*?)\n\2\n", text, re.M | re.S)
        return {name: value for name, _, value in found}

    def run_template(self, shell, variables, before=()):
        """A job that extends the template."""
        return self.run_script("\n".join([*before, *self.template["script"]]), shell,
                               self.template["variables"] | variables |
                               {"GITLAB_CI": "true", "CI_PROJECT_DIR": str(self.workspace)})

    def report(self, name):
        return json.loads((self.workspace / name).read_text())
