#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""snarl/thread_safety.h: what clang warns of with it, line by line, and that gcc sees nothing."""
import glob
import os
import re
import shutil
import subprocess
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
INCLUDE = os.path.join(os.path.dirname(os.path.dirname(HERE)), "include")
STRICT = ["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only", "-I" + INCLUDE]
CLANGS = [name for name in ("clang-14", "clang-19") if shutil.which(name)]


def expected(path):
    """The warnings that the file expects: {line: text}."""
    found = {}
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            marker = re.search(r"[;}] +/[*/] WARNS: (.*?)(?: \*/)?$", line.rstrip())
            if marker:
                found[number] = marker.group(1)
    return found


def compile_with(compiler, path, *options):
    return subprocess.run([compiler, *options, path], capture_output=True, text=True, check=False)


def warnings(path, text):
    """{line: message} of the warnings in the file itself, and lines of others."""
    found, others = {}, []
    for line in text.splitlines():
        match = re.match(r"(.*?):(\d+):\d+: (?:warning|error): (.*)", line)
        if match and match.group(1) == path:
            found.setdefault(int(match.group(2)), match.group(3))
        elif match:
            others.append(line)
    return found, others


def standard(path):
    return "gnu++20" if path.endswith(".cc") else "gnu17"


class ThreadSafety(unittest.TestCase):
    def files(self):
        return sorted(glob.glob(HERE + "/*.c") + glob.glob(HERE + "/*.cc"))

    def test_gcc_sees_nothing(self):
        for path in self.files():
            compiler = "g++" if path.endswith(".cc") else "gcc"
            done = compile_with(compiler, path, *STRICT, "-std=" + standard(path))
            self.assertEqual(done.returncode, 0, done.stderr)

    def test_clang_without_the_check(self):
        """The annotations alone make no warning."""
        for clang in CLANGS:
            for path in self.files():
                done = compile_with(clang, path, *STRICT, "-std=" + standard(path))
                self.assertEqual(done.returncode, 0, "%s: %s" % (clang, done.stderr))

    def test_clang_warns(self):
        self.assertTrue(CLANGS)
        for clang in CLANGS:
            for path in self.files():
                options = ["-fsyntax-only", "-I" + INCLUDE, "-Wthread-safety", "-Wall", "-Wextra",
                           "-Wpedantic", "-std=" + standard(path)]
                if path.endswith("std.cc"):
                    options += ["-DSNARL_CHECK", "-include", "snarl/thread_safety.h"]
                done = compile_with(clang, path, *options)
                found, others = warnings(path, done.stderr)
                with self.subTest(clang=clang, path=os.path.basename(path)):
                    self.assertEqual(others, [])
                    self.assertEqual(sorted(found), sorted(expected(path)), done.stderr)
                    for line, text in expected(path).items():
                        self.assertIn(text, found[line])

    def test_with_errors(self):
        """What is right stays right with -Werror, and what is wrong does not."""
        for path in self.files():
            options = ["-Wthread-safety", "-Werror", "-fsyntax-only", "-I" + INCLUDE]
            if path.endswith("std.cc"):
                options += ["-DSNARL_CHECK", "-include", "snarl/thread_safety.h"]
            self.assertNotEqual(compile_with(CLANGS[-1], path, *options).returncode, 0, path)

    def test_disabled(self):
        for clang in CLANGS:
            for path in self.files():
                done = compile_with(clang, path, "-DSNARL_DISABLE", "-Wthread-safety", "-Werror",
                                    "-std=" + standard(path), "-fsyntax-only", "-I" + INCLUDE)
                self.assertEqual(done.returncode, 0, done.stderr)

    def test_a_lock_is_no_argument_of_another_type(self):
        source = '#include "snarl/thread_safety.h"\nint f(int x);\nint f(int x)\n' \
                 '{\n    SNARL_ALONE(x);\n    return x;\n}\n'
        done = subprocess.run([CLANGS[-1], "-x", "c", "-", "-fsyntax-only", "-I" + INCLUDE],
                              input=source, capture_output=True, text=True, check=False)
        self.assertNotEqual(done.returncode, 0)


if __name__ == "__main__":
    unittest.main()
