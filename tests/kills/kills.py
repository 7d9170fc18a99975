#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Kills a recorded program at random moments, and compares its traces with what it had counted.

    kills.py --build DIR [--kills N] [--seed N] [--jobs N]

The N kills go in turn through all ends, ways of recording and shapes of the program below. The
moments come from the seed; the rest of chance is the machine's. After each kill every trace is
read: the acquisitions of each thread must be those that the program counted, in their order, or one
more, which was not counted yet (under --ring the newest of them, and many); nothing may be damaged;
and the analysis must find nothing but locks held at an `_exit`, and starvation: these are true.
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import random
import re
import signal
import struct
import subprocess
import sys
import tempfile
import time

SECONDS = 60
LOCKS, STEP, THREADS, PROCESSES = 97, 7, 3, 4
PROCESS = struct.Struct(f"={3 + THREADS + 1}Q")
LONGEST = 10000  # microseconds
NEWEST = 50  # acquisitions of all threads that a ring holds at least
ENDS = ["killed", "fault", "abort", "exit", "killed", "fault-in-handler", "abort-in-handler",
        "exit-in-handler"]
SIGNALS = {"k": signal.SIGKILL, "f": signal.SIGSEGV, "a": signal.SIGABRT}
STATUS, FOUND = 7, 66
WAYS = [["--accesses=none"], ["--accesses=tsan"], ["--accesses=none", "--ring=256K"],
        ["--accesses=tsan", "--ring=1M"]]
ACQUIRE = re.compile(rb"^\d+ T(\d+) acquire \w+ (0x[0-9a-f]+)", re.M)


class Wrong(Exception):
    pass


def lives(pid):
    """A process that is being killed loses its threads one by one."""
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")")[-1].split()
    except OSError:
        return False
    return fields[0] not in "ZX" or int(fields[17]) > 1


class Kill:
    def __init__(self, build, number, seed, directory):
        chance = random.Random(f"{seed}/{number}")
        self.build, self.directory = build, directory
        self.end = ENDS[number % len(ENDS)]
        self.way = WAYS[number // len(ENDS) % len(WAYS)]
        self.processes = 1 if number % 5 else 3
        self.after = chance.randrange(LONGEST)
        self.chance = chance
        self.shared = directory / "shared"
        self.shared.write_bytes(bytes(PROCESS.size * PROCESSES))
        self.ring = len(self.way) > 1

    def __str__(self):
        return f"{self.end} {' '.join(self.way)} x{self.processes} after {self.after} us"

    def counted(self):
        """Of each process: pid, address and size of the locks, counts, threads at work."""
        data = self.shared.read_bytes()
        return [PROCESS.unpack_from(data, i * PROCESS.size) for i in range(self.processes)]

    def kill(self):
        """All processes, in any order."""
        deadline = time.monotonic() + SECONDS
        while any(not p[0] or p[-1] < THREADS for p in self.counted()):
            if time.monotonic() > deadline:
                raise Wrong("it never got to work")
            time.sleep(0.0005)
        time.sleep(self.after / 1e6)
        pids = [p[0] for p in self.counted()]
        self.chance.shuffle(pids)
        for pid in pids:
            os.kill(pid, signal.SIGKILL)

    def wait_for_all(self):
        """Until no thread of any process can write any more."""
        deadline = time.monotonic() + SECONDS
        for process in self.counted():
            while process[0] and lives(process[0]):
                if time.monotonic() > deadline:
                    raise Wrong(f"process {process[0]} goes on")
                time.sleep(0.001)

    def run(self):
        kind = "plain" if self.way[0] == "--accesses=none" else "instrumented"
        command = [self.build / "bin/snarl", "run", *self.way, "-o", self.directory / "trace.%p",
                   "--json", self.directory / "found.json", "--",
                   self.build / "tests/kills" / kind, self.shared, str(self.processes), self.end,
                   str(self.after)]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as run:
            try:
                if self.end == "killed":
                    self.kill()
                errors = run.communicate(timeout=SECONDS)[1].decode(errors="replace")
            except subprocess.TimeoutExpired as late:
                run.kill()
                raise Wrong("snarl run does not end") from late
        self.wait_for_all()
        number = SIGNALS.get(self.end[0])
        wanted = 128 + number if number else STATUS
        if run.returncode not in (wanted, FOUND):  # what was found, the report tells
            raise Wrong(f"snarl run ended with {run.returncode}, not {wanted}: {errors}")

    def check_report(self, report):
        allowed = {"starvation"}  # on a busy machine a thread may really come to nothing
        if self.end.startswith("exit"):
            allowed.add("abandoned-lock")
        for finding in report["findings"]:
            # A kill between taking a number and writing its event leaves what comes behind in
            # doubt: that is possible at most.
            if finding["kind"] not in allowed and finding["level"] != "possible":
                raise Wrong(f"found: {finding['title']}")
        reason = report["recording"].get("incomplete_reason") or ""
        if "damage" in reason:
            raise Wrong(reason)

    def check_trace(self, process):
        pid, locks, size, *counts, _ = process
        trace = self.directory / f"trace.{pid}"
        if not trace.exists():
            raise Wrong(f"no trace of process {pid}")
        done = subprocess.run([self.build / "bin/snarl", "dump", trace], capture_output=True,
                              check=False, timeout=SECONDS)
        if done.returncode or done.stderr:
            raise Wrong(f"dump ends with {done.returncode}: {done.stderr.decode()}")
        acquired = {}
        for thread, address in ACQUIRE.findall(done.stdout):
            acquired.setdefault(int(thread), []).append((int(address, 16) - locks) // size)
        for i, count in enumerate(counts):
            self.compare(i + 1, count, acquired.get(i + 1, []))
        if self.ring and sum(counts) > NEWEST > sum(map(len, acquired.values())):
            raise Wrong(f"the ring holds {acquired}")
        return sum(counts)

    def compare(self, thread, count, places):
        """The K-th acquisition is that of lock K * STEP, for K from 0."""
        if self.ring:
            first = {count - len(places), count + 1 - len(places)}
        else:
            first = {0}
            if len(places) not in (count, count + 1):
                raise Wrong(f"thread {thread} counted {count}, the trace {len(places)}")
        for start in first:
            if places == [(start + k) * STEP % LOCKS for k in range(len(places))]:
                return
        raise Wrong(f"thread {thread} counted {count}; in the trace at last {places[-5:]}")

    def check(self):
        """How many acquisitions there were."""
        self.run()
        self.check_report(json.loads((self.directory / "found.json").read_text()))
        total = 0
        for process in self.counted():
            total += self.check_trace(process)
        return total


def attempt(arguments, number):
    with tempfile.TemporaryDirectory(prefix="kills.") as name:
        kill = Kill(arguments.build, number, arguments.seed, pathlib.Path(name))
        try:
            return kill.check(), None
        except (Wrong, subprocess.TimeoutExpired) as wrong:
            return 0, f"kill {number} ({kill}): {wrong}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    failed = acquisitions = 0
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        numbers = range(arguments.first, arguments.first + arguments.kills)
        for total, wrong in pool.map(lambda n: attempt(arguments, n), numbers):
            acquisitions += total
            if wrong:
                failed += 1
                print(wrong, flush=True)
    print(f"{arguments.kills - failed} passed, {failed} failed; {acquisitions} acquisitions")
    return 1 if failed or not acquisitions else 0


if __name__ == "__main__":
    sys.exit(main())
