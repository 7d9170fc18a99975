#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""docs/snarl-locking-1.schema.json against what snarl writes; and what it says of a program."""
import json
import os
import subprocess
import tempfile
import unittest

import jsonschema
import reports

with open(reports.SOURCE + "/docs/snarl-locking-1.schema.json", encoding="utf-8") as file:
    VALIDATOR = jsonschema.Draft202012Validator(json.load(file))

PROGRAM = """#include <pthread.h>
#include <stdlib.h>
struct box {
    pthread_mutex_t lock;
    pthread_cond_t filled;
    int count;
    int items[32];
};
static struct box *box;
static pthread_mutex_t book = PTHREAD_MUTEX_INITIALIZER;
static int total;
static void box_lock(struct box *b)
{
    pthread_mutex_lock(&b->lock);
}
static void box_put(struct box *b, int i)
{
    b->items[b->count] = i;
    b->count++;
}
static void *putter(void *arg)
{
    for (int i = 0; i < 30; i++) {
        box_lock(box);
        box_put(box, i);
        pthread_cond_signal(&box->filled);
        pthread_mutex_unlock(&box->lock);
    }
    return arg;
}
static void *taker(void *arg)
{
    for (int i = 0; i < 30; i++) {
        box_lock(box);
        while (!box->count)
            pthread_cond_wait(&box->filled, &box->lock);
        box->count--;
        pthread_mutex_lock(&book);
        total++;
        pthread_mutex_unlock(&book);
        pthread_mutex_unlock(&box->lock);
    }
    return arg;
}
int main(void)
{
    pthread_t threads[2];
    box = calloc(1, sizeof *box);
    pthread_mutex_init(&box->lock, NULL);
    pthread_cond_init(&box->filled, NULL);
    pthread_create(&threads[0], NULL, taker, NULL);
    pthread_create(&threads[1], NULL, putter, NULL);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    return box->count + (total != 30);
}
"""


def faults(document):
    """What is not as the schema has it, and numbers of what is not there."""
    found = ["%s: %s" % (list(error.path), error.message[:200])
             for error in VALIDATOR.iter_errors(document)]
    if found:
        return found
    for process in document["processes"]:
        def there(what, number, process=process):
            if number is not None and number >= len(process[what]):
                found.append("%s: no %d" % (what, number))
        for stack in process["stacks"]:
            for frame in stack:
                there("frames", frame)
        for use in process["uses"]:
            there("stacks", use["stack"])
            there("variables", use["variable"])
            there("locks", use["lock"])
            if use["alone"] + use["initial"] + use["own"] > use["count"]:
                found.append("more than all: %s" % use)
            for held in use["held"]:
                there("locks", held["lock"])
                there("stacks", held["stack"])
        for function in process["functions"]:
            there("frames", function["frame"])
            for role in function["locks"]:
                there("locks", role["lock"])
    return found


def of_program():
    with tempfile.TemporaryDirectory() as directory:
        with open(directory + "/box.c", "w", encoding="utf-8") as file:
            file.write(PROGRAM)
        subprocess.run(["cc", "-g", "-O0", "-fsanitize=thread", "-pthread", "-c", "box.c"],
                       cwd=directory, check=True)
        subprocess.run([os.path.dirname(reports.SNARL) + "/snarl-cc", "-pthread", "box.o", "-o",
                        "box"], cwd=directory, check=True)
        reports.snarl("run", "--format=locking:locking.json", "--", "./box", cwd=directory)
        with open(directory + "/locking.json", encoding="utf-8") as file:
            return json.load(file)


class Process:
    """The one process of a document, by names."""

    def __init__(self, document):
        self.all = document["processes"][0]

    def place(self, stack):
        frame = self.all["frames"][self.all["stacks"][stack][0]]
        return "%s:%d" % (frame["function"], frame["line"])

    def uses(self, name):
        return [use for use in self.all["uses"] if use["variable"] is not None
                and (self.all["variables"][use["variable"]]["name"] or "").startswith(name)]

    def held(self, use):
        return [(self.all["locks"][held["lock"]]["name"].split(" of ")[0],
                 self.place(held["stack"]), held["distance"])
                for held in use["held"]]

    def role(self, function, lock):
        for one in self.all["functions"]:
            if self.all["frames"][one["frame"]]["function"] == function:
                for role in one["locks"]:
                    if self.all["locks"][role["lock"]]["name"].startswith(lock):
                        return one, role
        return None


class Locking(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.document = of_program()
        cls.process = Process(cls.document)

    def test_schema(self):
        self.assertEqual(faults(self.document), [])
        broken = json.loads(json.dumps(self.document))
        broken["processes"][0]["uses"][0]["held"] = [{"lock": 0}]
        self.assertNotEqual(faults(broken), [])
        broken["processes"][0]["uses"][0]["held"] = []
        broken["processes"][0]["uses"][0]["stack"] = 100000
        self.assertNotEqual(faults(broken), [])

    def test_member(self):
        """The lock is told where it was taken, through the wrapper and behind a wait, and how far
        it is from what it guards."""
        uses = [use for use in self.process.uses("count of struct box") if not use["alone"]]
        self.assertGreaterEqual(len(uses), 3)
        for use in uses:
            self.assertEqual(self.process.held(use), [("lock", "box_lock:14", [-88, -88])])

    def test_static(self):
        for use in self.process.uses("total"):
            if use["alone"]:
                self.assertEqual(use["held"], [])
            else:
                self.assertEqual([held[:2] for held in self.process.held(use)],
                                 [("lock", "box_lock:14"), ("book", "taker:38")])
                self.assertIsNone(use["held"][0]["distance"])

    def test_elements(self):
        """A place that walks through an array has few uses, one of them with a range."""
        uses = self.process.uses("items")
        self.assertLessEqual(len(uses), 10)
        self.assertEqual({self.process.place(use["stack"]) for use in uses}, {"box_put:18"})

    def test_functions(self):
        _, role = self.process.role("box_lock", "lock of")
        self.assertGreater(role["returned"], 0)
        function, role = self.process.role("box_put", "lock of")
        self.assertEqual(role["held"], function["seen"])
        _, role = self.process.role("taker", "lock of")
        self.assertEqual(role["held"], 0)
        self.assertGreater(role["taken"], 0)

    def test_order(self):
        pairs = [(self.process.place(pair["held_stack"]), self.process.place(pair["taken_stack"]),
                  pair["count"]) for pair in self.process.all["order"]]
        self.assertEqual(pairs, [("box_lock:14", "taker:38", 30)])

    def test_traces(self):
        some = 0
        for path in reports.traces():
            out = reports.snarl("analyze", "--format=locking", path, codes=(0, 1, 2))
            if out:
                document = json.loads(out)
                self.assertEqual(faults(document), [], path)
                some += sum(len(process["uses"]) for process in document["processes"])
        self.assertGreater(some, 100)

    def test_needs_a_trace(self):
        done = subprocess.run([reports.SNARL, "report", "--format=locking",
                               reports.GOLDEN + "/race.json"], capture_output=True, check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"snarl analyze --format=locking TRACE", done.stderr)


if __name__ == "__main__":
    unittest.main()
