#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""snarl-source annotate, from a recorded run to what clang says of the annotated source: it accepts
the program, and no longer does once the locks are left out."""
import json
import os
import random
import re
import shutil
import subprocess
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
BUILD = os.environ["BUILD"]
TOOL = BUILD + "/bin/snarl-source"
CLEAN = ROOT + "/testcases/clean/"
ORDER = ["-I" + ROOT + "/tests/order"]
LOCKS = re.compile(r"^\s*(pthread_(mutex|rwlock)_(rd|wr)?(un)?lock\(|shelf_(un)?lock\(|"
                   r"std::(lock_guard|unique_lock|shared_lock)<)")


def run(*command, codes=(0,), cwd=None):
    environment = os.environ | {"LD_LIBRARY_PATH": BUILD + "/tests"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd,
                          env=environment, stdin=subprocess.DEVNULL)
    if done.returncode not in codes:
        raise AssertionError("%s: %d\n%s%s" % (command, done.returncode, done.stdout[-2000:],
                                               done.stderr[-2000:]))
    return done


class Program:
    """A copy of a program, recorded."""

    def __init__(self, source, *arguments):
        self.directory = tempfile.mkdtemp(prefix="annotate.")
        self.source = self.directory + "/" + os.path.basename(source)
        self.cxx = source.endswith(".cc")
        shutil.copy(source, self.source)
        self.options = ["-std=gnu++17" if self.cxx else "-std=gnu17", "-I" + ROOT + "/include",
                        *ORDER]
        with open(self.directory + "/compile_commands.json", "w", encoding="utf-8") as file:
            json.dump([{"directory": self.directory, "file": self.source,
                        "arguments": ["cc", *self.options, "-c", self.source]}], file)
        wrapper = BUILD + "/bin/snarl-" + ("c++" if self.cxx else "cc")
        run(wrapper, "-O0", "-pthread", *self.options, "-c", self.source, "-o",
            self.directory + "/a.o")
        run(wrapper, "-pthread", self.directory + "/a.o", BUILD + "/tests/libsnarl_order.so", "-o",
            self.directory + "/a.out")
        run(BUILD + "/bin/snarl", "record", "-o", self.directory + "/trace", "--",
            self.directory + "/a.out", *arguments)

    def annotate(self, *options, codes=(0,)):
        return run(TOOL, "annotate", self.directory + "/trace", "-p", self.directory, *options,
                   codes=codes)

    def rules(self):
        self.annotate("--json", self.directory + "/rules.json")
        with open(self.directory + "/rules.json", encoding="utf-8") as file:
            document = json.load(file)
        return {one["variable"]: one for one in document["variables"]}, document

    def text(self):
        with open(self.source, encoding="utf-8") as file:
            return file.read()

    def write(self, text):
        with open(self.source, "w", encoding="utf-8") as file:
            file.write(text)

    def clang(self, *more):
        check = ["-DSNARL_CHECK", "-include", "snarl/thread_safety.h"] if self.cxx else []
        return run("clang-19", "-fsyntax-only", "-Wthread-safety", "-Werror", "-Wall", "-Wextra",
                   *self.options, *check, *more, self.source,
                   codes=(0, 1))

    def gcc(self):
        return run("g++" if self.cxx else "gcc", "-fsyntax-only", "-Wall", "-Wextra", "-Werror",
                   *self.options, self.source)

    def close(self):
        shutil.rmtree(self.directory)


class Annotate(unittest.TestCase):
    def program(self, source, *arguments):
        program = Program(source, *arguments)
        self.addCleanup(program.close)
        return program

    def check_both_forms(self, program, expected):
        """Annotated it passes; without its locks it does not."""
        program.annotate("--in-place")
        annotated = program.text()
        for text in expected:
            self.assertIn(text, annotated)
        self.assertEqual(program.clang().stderr, "")
        program.gcc()
        lines = annotated.splitlines(keepends=True)
        program.write("".join(line for line in lines if not LOCKS.match(line)))
        self.assertIn("requires holding", program.clang("-Wno-unused").stderr)

    def test_garlic(self):
        self.check_both_forms(self.program(CLEAN + "garlic.c", "300"), [
            '#include "snarl/thread_safety.h"\n',
            "static unsigned garlic_count SNARL_GUARDED_BY(pencil);\n",
            "    SNARL_ALONE(pencil);\n    printf("])

    def test_calendar(self):
        self.check_both_forms(self.program(CLEAN + "calendar.c"),
                              ["static int today SNARL_GUARDED_BY(marker);\n"])

    def test_philosophers(self):
        program = self.program(HERE + "/philosophers.c")
        self.check_both_forms(program, [
            "static int sushi_count SNARL_GUARDED_BY(chopstick_b) = 150;\n",
            "static pthread_mutex_t chopstick_b SNARL_ACQUIRED_AFTER(chopstick_a) = ",
            "static void eat(void) SNARL_REQUIRES(chopstick_"])

    def test_order_of_locks(self):
        """The other order is a warning too."""
        program = self.program(HERE + "/philosophers.c")
        program.annotate("--in-place")
        self.assertEqual(program.clang("-Wthread-safety-beta").stderr, "")
        text = program.text()
        olivia = text.index("olivia")
        turned = re.sub("chopstick_([ab])(?=\\);)",
                        lambda m: "chopstick_" + ("b" if m.group(1) == "a" else "a"),
                        text[olivia:])
        program.write(text[:olivia] + turned)
        self.assertIn("must be acquired", program.clang("-Wthread-safety-beta").stderr)

    def test_larder(self):
        self.check_both_forms(self.program(HERE + "/larder.cc"), [
            "int garlic_ SNARL_GUARDED_BY(mutex_) = 0;\n",
            "static int today SNARL_GUARDED_BY(marker);\n",
            "void add(int garlic) SNARL_REQUIRES(mutex_)\n"])

    def test_shelf(self):
        program = self.program(HERE + "/shelf.c")
        rules, document = program.rules()
        for member in ("jars", "taken", "row"):
            rule = rules["shelf::" + member]
            self.assertEqual((rule["verdict"], rule["locks"]), ("guarded", ["lock"]), member)
        self.assertEqual(rules["pages"]["locks"], ["book"])
        self.assertEqual(rules["page"]["locks"], ["book"])
        self.assertEqual(rules["(unnamed)::written"]["locks"], ["lock"])
        self.assertEqual(rules["shelf::looked"]["verdict"], "atomic")
        self.assertEqual(rules["shelf::name"]["verdict"], "only read")
        does = {(one["function"], one["does"], one["lock"]) for one in document["functions"]}
        self.assertIn(("shelf_lock", "acquires", "shelf::lock"), does)
        self.assertIn(("shelf_unlock", "releases", "shelf::lock"), does)
        self.assertIn(("put", "requires", "shelf::lock"), does)
        self.assertIn(("write_down", "excludes", "book"), does)
        self.check_both_forms(program, [
            "int jars SNARL_MEMBER_GUARDED_BY(lock), taken SNARL_MEMBER_GUARDED_BY(lock);\n",
            "int row[16] SNARL_MEMBER_GUARDED_BY(lock);\n",
            "static void shelf_lock(struct shelf *shelf) SNARL_ACQUIRE(shelf->lock);\n",
            "static void shelf_unlock(struct shelf *shelf) SNARL_RELEASE(shelf->lock);\n",
            "static void put(struct shelf *shelf, int i) SNARL_REQUIRES(shelf->lock);\n",
            "static pthread_rwlock_t book;\n"
            "static int pages[8] SNARL_GUARDED_BY(book), page SNARL_GUARDED_BY(book);\n",
            "static pthread_mutex_t till;\nstruct shop {\n    int sold SNARL_GUARDED_BY(till);"])

    def test_what_clang_cannot_follow_is_not_written(self):
        """Chopsticks behind pointers: the rule is told, the annotation would be a false alarm."""
        program = self.program(CLEAN + "philosophers-back-off.c")
        table = program.annotate("--in-place").stdout
        self.assertRegex(table, r"sushi_count +chopstick_a, chopstick_b +\d+ +0 +2 +guarded ")
        self.assertIn("sushi_count: not written: clang cannot see at philosophers-back-off.c:",
                      table)
        with open(CLEAN + "philosophers-back-off.c", encoding="utf-8") as file:
            self.assertEqual(program.text(), file.read())

    def test_the_odd_one_out(self):
        """A look without the lock, of many with it: nothing is written, the place is told."""
        with open(HERE + "/shelf.c", encoding="utf-8") as file:
            text = file.read()
        wrong = text.replace("        write_down(shelf->looked);\n",
                             "        write_down(page);\n")
        self.assertNotEqual(wrong, text)
        with tempfile.TemporaryDirectory() as directory:
            with open(directory + "/shelf.c", "w", encoding="utf-8") as file:
                file.write(wrong)
            program = self.program(directory + "/shelf.c")
        line = 1 + wrong[:wrong.index("write_down(page)")].count("\n")
        table = program.annotate("--diff").stdout
        self.assertNotIn("page SNARL_GUARDED_BY", table)
        table = program.annotate().stdout
        self.assertRegex(table, r"page +book +\d+ +\d+ +3 +mostly guarded")
        self.assertIn("reads at shelf.c:%d in taker, under no lock" % line, table)

    def test_edits_are_the_same_in_all_forms(self):
        program = self.program(HERE + "/shelf.c")
        before = program.text()
        diff = program.annotate("--diff").stdout
        program.annotate("--edits", program.directory + "/edits.yaml")
        self.assertEqual(program.text(), before)
        program.annotate("--in-place")
        annotated = program.text()
        self.assertNotEqual(annotated, before)
        program.write(before)
        with open(program.directory + "/the.diff", "w", encoding="utf-8") as file:
            file.write(diff)
        run("patch", "-p0", program.source, program.directory + "/the.diff")
        self.assertEqual(program.text(), annotated)
        if shutil.which("clang-apply-replacements-19"):
            program.write(before)
            run("clang-apply-replacements-19", program.directory)
            self.assertEqual(program.text(), annotated)

    def test_annotated_is_left_as_it_is(self):
        program = self.program(HERE + "/philosophers.c")
        program.annotate("--in-place")
        once = program.text()
        again = self.program(program.source)
        again.annotate("--in-place")
        self.assertEqual(again.text(), once)

    def test_refused(self):
        with tempfile.TemporaryDirectory() as directory:
            path = directory + "/x.json"
            for text, message in (('{"schema": "snarl-report/1"}', "snarl-locking/1"),
                                  ("{", "x.json:1")):
                with open(path, "w", encoding="utf-8") as file:
                    file.write(text)
                done = run(TOOL, "annotate", path, "--", "-I.", codes=(2,))
                self.assertIn(message, done.stderr)
            done = run(TOOL, "annotate", directory + "/none", "--", "-I.", codes=(2,))
            self.assertIn("none", done.stderr)
            self.assertIn("takes traces", run(TOOL, "annotate", codes=(2,)).stderr)

    def test_documents_that_do_not_fit(self):
        """Numbers, names and types of all sorts: no crash, and nothing is written that does not
        compile."""
        program = self.program(HERE + "/shelf.c")
        path = program.directory + "/locking.json"
        run(BUILD + "/bin/snarl", "analyze", "--fail-on=none", "--format=locking:" + path,
            program.directory + "/trace")
        with open(path, encoding="utf-8") as file:
            document = json.load(file)
        dice = random.Random(int(os.environ.get("SEED", "1")))
        for _ in range(60):
            wrong = json.loads(json.dumps(document))
            for _ in range(dice.randrange(1, 12)):
                spoil(wrong, dice)
            with open(path, "w", encoding="utf-8") as file:
                json.dump(wrong, file)
            run(TOOL, "annotate", path, "-p", program.directory, "--diff", codes=(0, 2))


def spoil(value, dice):
    """Changes something somewhere in a document."""
    while isinstance(value, (dict, list)) and value:
        key = dice.choice(list(value) if isinstance(value, dict) else range(len(value)))
        if not isinstance(value[key], (dict, list)) or not value[key] or dice.random() < 0.02:
            value[key] = dice.choice([0, 1, -1, 7, 2 ** 40, None, "", "lock", [], {}, "main", 17])
            return
        value = value[key]


if __name__ == "__main__":
    unittest.main()
