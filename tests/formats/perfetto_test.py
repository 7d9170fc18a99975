#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The Trace Event Format by its rules: named tracks, slices that nest, arrows between slices."""
import collections
import json
import subprocess
import tempfile
import unittest

import reports

PROGRAM = """#include <pthread.h>
#include <unistd.h>
static pthread_mutex_t table = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t menu = PTHREAD_RWLOCK_INITIALIZER;
static void *diner(void *unused)
{
    for (int i = 0; i < 3; i++) {
        pthread_rwlock_rdlock(&menu);
        pthread_mutex_lock(&table);
        usleep(20000);
        pthread_mutex_unlock(&table);
        pthread_rwlock_unlock(&menu);
        usleep(1000);
    }
    return unused;
}
int main(void)
{
    pthread_t threads[2];
    for (int i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, diner, NULL);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    return 0;
}
"""


def faults(document):
    """What a reader would stumble over."""
    events = document["traceEvents"]
    found, tracks, arrows, readers = [], collections.defaultdict(list), {}, {}
    names = {(one["pid"], one["tid"]) for one in events if one["name"] == "thread_name"}
    for one in events:
        if one["ph"] not in "MXsfbei":
            found.append("phase %s" % one["ph"])
        if one["ph"] != "M" and one["ts"] < 0:
            found.append("time %s" % one["ts"])
        track = one["pid"], one["tid"]
        if one["ph"] in "Xsfbe" and track not in names:
            found.append("track %s has no name" % (track,))
        if one["ph"] == "X":
            tracks[track].append((one["ts"], one["ts"] + one["dur"]))
        if one["ph"] in "sf":
            arrows.setdefault(one["id"], []).append(one)
        if one["ph"] in "be":
            readers.setdefault(one["id"], []).append(one["ph"])
    for track, slices in tracks.items():
        slices.sort(key=lambda one: (one[0], -one[1]))
        around = []
        for start, end in slices:
            while around and around[-1] <= start + 1e-6:
                around.pop()
            if around and end > around[-1] + 1e-6:
                found.append("slices of %s overlap at %s" % (track, start))
            around.append(end)
    for ends in arrows.values():
        if [one["ph"] for one in ends] != ["s", "f"] or ends[0]["ts"] > ends[1]["ts"]:
            found.append("arrow %s" % ends)
        for one in ends:
            if not any(start - 1e-6 <= one["ts"] <= end + 1e-6
                       for start, end in tracks[one["pid"], one["tid"]]):
                found.append("an arrow ends at no slice: %s" % one)
    found += ["reader %s" % one for one in readers.values() if one != ["b", "e"]]
    return found


def of_program():
    with tempfile.TemporaryDirectory() as directory:
        with open(directory + "/diners.c", "w", encoding="utf-8") as file:
            file.write(PROGRAM)
        subprocess.run(["cc", "-g", "-pthread", "diners.c", "-o", "diners"], cwd=directory,
                       check=True)
        reports.snarl("run", "--accesses=none", "--format=perfetto:trace.json", "--fail-on=none",
                      "--", "./diners", cwd=directory)
        with open(directory + "/trace.json", encoding="utf-8") as file:
            return json.load(file)


class Perfetto(unittest.TestCase):
    def test_program(self):
        document = of_program()
        events = document["traceEvents"]
        self.assertEqual(faults(document), [])
        tracks = {(one["pid"], one["tid"]): one["args"]["name"] for one in events
                  if one["name"] == "thread_name"}
        self.assertEqual(sorted(tracks.values()),
                         ["menu", "table", "the main thread", "thread 1", "thread 2"])
        slices = [(tracks[one["pid"], one["tid"]], one["name"], one["dur"]) for one in events
                  if one["ph"] == "X"]
        waits = [dur for track, name, dur in slices if name == "waits for table"]
        holds = [name for track, name, _ in slices if track == "table"]
        self.assertEqual(sorted(holds), ["thread 1"] * 3 + ["thread 2"] * 3)
        self.assertGreater(max(waits), 10000)
        self.assertEqual(sum(name == "sleeps" for _, name, _ in slices), 12)
        arrows = [one for one in events if one["ph"] == "f"]
        self.assertGreaterEqual(len(arrows), len([one for one in waits if one > 10000]))
        self.assertEqual(sum(one["ph"] == "b" for one in events), 6)
        stacks = [one["args"]["stack"] for one in events if one["name"] == "waits for table"]
        self.assertIn("diner diners.c:9", [stack[0] for stack in stacks])

    def test_traces(self):
        some = 0
        for path in reports.traces():
            document = json.loads(reports.snarl("analyze", "--format=perfetto", path,
                                                codes=(0, 1, 2)) or b'{"traceEvents":[]}')
            self.assertEqual(faults(document), [], path)
            some += len(document["traceEvents"])
        self.assertGreater(some, 100)

    def test_needs_a_trace(self):
        done = subprocess.run([reports.SNARL, "report", "--format=perfetto",
                               reports.GOLDEN + "/race.json"], capture_output=True, check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"snarl analyze --format=perfetto TRACE", done.stderr)


if __name__ == "__main__":
    unittest.main()
