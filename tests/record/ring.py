#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The flight recorder: a program that runs long and ends in several ways (ring.c), recorded by
rings of several sizes, copied while it runs, killed, and left to hang.

    ring.py --build BUILD [--long]
"""
import argparse
import json
import os
import signal
import struct
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))


def expect(condition, text):
    if not condition:
        raise AssertionError(text)


class Ring:
    def __init__(self, build, directory):
        self.snarl = os.path.join(build, "bin/snarl")
        self.program = os.path.join(directory, "ring")
        self.trace = os.path.join(directory, "trace")
        self.directory = directory
        order = os.path.join(build, "tests")
        subprocess.run([os.path.join(build, "bin/snarl-cc"), "-O1", "-g", "-std=gnu17", f"-I{ROOT}",
                        "-o", self.program, os.path.join(HERE, "ring.c"), f"-L{order}",
                        "-lsnarl_order", f"-Wl,-rpath,{order}", "-lpthread"], check=True)

    def start(self, *arguments, options=(), command="record", **more):
        for name in os.listdir(self.directory):
            if name.startswith("trace"):
                os.unlink(os.path.join(self.directory, name))
        return subprocess.Popen([self.snarl, command, *options, "-o", self.trace, "--",
                                 self.program, *arguments], stderr=subprocess.PIPE, text=True,
                                stdout=subprocess.DEVNULL, **more)

    def record(self, *arguments, options=(), command="record"):
        program = self.start(*arguments, options=options, command=command)
        _, errors = program.communicate(timeout=100)
        return program.returncode, errors

    def header(self, trace=None):
        """How many chunks were given up, and the sizes: of the ring, of a chunk."""
        with open(trace or self.trace, "rb") as file:
            size, _, lost, chunk, _ = struct.unpack("<QQQII", file.read(1216)[1184:])
        return lost, size, chunk

    def findings(self, trace=None):
        report = os.path.join(self.directory, "findings.json")
        run = subprocess.run([self.snarl, "analyze", "--json", report, trace or self.trace],
                             capture_output=True, text=True, timeout=100)
        expect(run.returncode in (0, 1), run.stderr)
        expect("damage" not in run.stderr and "warning" not in run.stderr, run.stderr)
        with open(report, encoding="utf-8") as file:
            return json.load(file)["findings"]

    def kinds(self, trace=None):
        return sorted(finding["kind"] for finding in self.findings(trace))


def clean(ring, rounds):
    for size, bytes_ in (("256K", 256 << 10), ("1M", 1 << 20)):
        code, errors = ring.record("nothing", str(rounds), options=[f"--ring={size}"])
        expect(code == 0, errors)
        lost, told, _ = ring.header()
        expect(lost > 0 and told == bytes_, f"{size}: {lost} chunks given up")
        expect(os.path.getsize(ring.trace) <= bytes_, f"{size}: the file is too long")
        expect(ring.kinds() == [], f"{size}: {ring.findings()}")


def faulty(ring, rounds):
    small = ["--ring=256K"]
    code, _ = ring.record("race", str(rounds), options=small)
    expect(code == 0, code)
    found = ring.findings()
    expect([f["kind"] for f in found] == ["data-race"], found)
    expect(all(site["stack"][0]["function"] in ("add_garlic", "end") for site in found[0]["sites"]),
           found)
    code, errors = ring.record("deadlock", str(rounds), options=small, command="run")
    expect(code == 66 and "2 threads wait for each other" in errors, errors)
    code, errors = ring.record("stuck", str(rounds), options=small + ["--timeout=2"], command="run")
    expect(code == 66 and "the main thread is stuck waiting for a post" in errors, errors)
    code, errors = ring.record("crash", str(rounds), options=small)
    expect(code == 128 + signal.SIGSEGV, errors)
    expect(ring.kinds() == [], ring.findings())


def bounded(ring, rounds):
    """A hundred times as much as there is room for, also by more threads than there are places."""
    for workers, most in ((8, 256 << 10), (48, None)):
        code, errors = ring.record("nothing", str(rounds * 8 // workers), str(workers),
                                   options=["--ring=256K"])
        expect(code == 0, errors)
        lost, size, chunk = ring.header()
        expect(lost * chunk >= 100 * size or workers > 8, f"only {lost} chunks were given up")
        most = most or size + chunk * (workers + 2)
        expect(os.path.getsize(ring.trace) <= most, f"{workers}: {os.path.getsize(ring.trace)}")
        expect(ring.kinds() == [], ring.findings())


def wait_for_trace(ring):
    while not os.path.exists(ring.trace) or ring.header()[0] < 10:
        time.sleep(0.01)


def copied(ring, rounds):
    """Copies of a program at work are sound, and it does not notice."""
    for options in (["--ring=512K"], []):
        program = ring.start("nothing", str(rounds), options=options)
        while not os.path.exists(ring.trace) or os.path.getsize(ring.trace) < 256 << 10:
            time.sleep(0.01)
        copies = []
        while program.poll() is None and len(copies) < 4:
            copy = f"{ring.trace}.snapshot-{len(copies) + 1}"
            program.send_signal(signal.SIGUSR1)
            deadline = time.monotonic() + 20
            while not os.path.exists(copy) and program.poll() is None:
                expect(time.monotonic() < deadline, "no copy was made")
                time.sleep(0.01)
            copies.append(copy)
        _, errors = program.communicate(timeout=100)
        expect(program.returncode == 0, errors)
        copies = [copy for copy in copies if os.path.exists(copy)]
        expect(copies, "the program ended too early")
        for copy in copies:
            expect(copy in errors, errors)
            expect(ring.kinds(copy) == [], ring.findings(copy))


def killed(ring, rounds, times):
    for n in range(times):
        program = ring.start("nothing", str(rounds), options=["--ring=256K"],
                             start_new_session=True)
        wait_for_trace(ring)
        time.sleep(0.003 * n)
        os.killpg(program.pid, signal.SIGKILL)
        program.communicate(timeout=100)
        found = [finding for finding in ring.findings() if finding["level"] != "possible"]
        expect(not found, found)


def hanging(ring):
    code, errors = ring.record("stuck", "20", options=["--hang=0.5"], command="run")
    expect(code == 66 and "the program has hung for 0.5 s: it is stopped" in errors and
           "the main thread is stuck waiting for a post" in errors, errors)
    code, errors = ring.record("stuck", "20", options=["--hang=0.5", "--timeout=3"])
    expect(code == 124 and "it is left as it is" in errors, errors)
    expect(errors.count(".hang-") == 1, errors)
    expect(ring.kinds(f"{ring.trace}.hang-1") == ["stuck-thread"], ring.findings())
    # A server without work does not hang, however long nothing happens.
    program = ring.start("idle", "20", options=["--hang=0.2"], command="run",
                         stdin=subprocess.PIPE)
    time.sleep(1.5)
    _, errors = program.communicate(timeout=100)
    expect(program.returncode == 0 and "hung" not in errors, errors)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    parser.add_argument("--long", action="store_true", help="more kills and rounds")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        ring = Ring(os.path.abspath(arguments.build), directory)
        rounds = 3000 if arguments.long else 600
        clean(ring, rounds)
        faulty(ring, rounds)
        bounded(ring, 5000)
        copied(ring, 30 * rounds)
        killed(ring, 1000000, 50 if arguments.long else 5)
        hanging(ring)
    return 0


if __name__ == "__main__":
    sys.exit(main())
