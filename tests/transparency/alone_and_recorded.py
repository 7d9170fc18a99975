#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs a program alone and recorded: what it printed and how it ended must be the same.

    alone_and_recorded.py --build DIR [--traces N] [--preload LIBRARY] PROGRAM [ARGS]

It is recorded with accesses, with locks alone, and (but for allocators) while its code has been
moved and all overwritten that the program does not read, and while it is rewritten to tell its
accesses; each trace must be one that `snarl dump` reads.
"""
import argparse
import os
import pathlib
import signal
import subprocess
import sys
import tempfile

SECONDS = 30


def run(command, directory, environment):
    """What the program let see: its end, its output."""
    process = subprocess.Popen(
        command, cwd=directory, env=environment, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
    try:
        output, errors = process.communicate(timeout=SECONDS)
        end = process.returncode
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output, errors = process.communicate()
        end = f"did not end within {SECONDS} s"
    return {"end": end, "output": output.decode(errors="replace"),
            "errors": errors.decode(errors="replace")}


def environment_for(build, directory, accesses, preload):
    libraries = [str(build / "lib/snarl/libsnarl.so"), *preload]
    return dict(os.environ, LD_PRELOAD=" ".join(libraries),
                SNARL_OPTIONS=f"-o {directory}/%e.%p --accesses={accesses}")


def differences(alone, recorded):
    for what in alone:
        if alone[what] != recorded[what]:
            yield f"{what} alone:\n{alone[what]}\n{what} recorded:\n{recorded[what]}"


def unreadable(build, traces):
    for trace in traces:
        dump = subprocess.run([build / "bin/snarl", "dump", trace], stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, timeout=SECONDS, check=False)
        if dump.returncode or dump.stderr:
            yield f"{trace.name}: snarl dump: {dump.returncode}: {dump.stderr.decode()}"


def compare(build, command, alone, accesses, expected_traces, preload):
    with tempfile.TemporaryDirectory(prefix="transparency.") as name:
        there = pathlib.Path(name)
        (there / "work").mkdir()
        recorded = run(command, there / "work", environment_for(build, there, accesses, preload))
        faults = list(differences(alone, recorded))
        traces = sorted(path for path in there.iterdir() if path.is_file())
        if len(traces) < expected_traces:
            faults.append(f"{len(traces)} traces, expected {expected_traces}")
        return faults + list(unreadable(build, traces))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--traces", type=int, default=1, help="at least so many")
    parser.add_argument("--preload", action="append", default=[],
                        help="alone and recorded, behind the recorder")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    arguments = parser.parse_args()
    command = [os.path.abspath(arguments.command[0]), *arguments.command[1:]]
    with tempfile.TemporaryDirectory(prefix="transparency.") as there:
        preloaded = {"LD_PRELOAD": " ".join(arguments.preload)} if arguments.preload else {}
        alone = run(command, there, dict(os.environ, **preloaded))
    if not isinstance(alone["end"], int) or alone["end"] == 99:
        sys.exit(f"alone it does not work: {alone}")
    faults = []
    ways = ["auto", "none"]
    if not arguments.preload:
        ways += ["clobbered", "rewrite"]
    for accesses in ways:
        for fault in compare(arguments.build.resolve(), command, alone, accesses,
                             arguments.traces, arguments.preload):
            faults.append(f"--accesses={accesses}: {fault}")
    sys.exit("\n".join(faults) or 0)


if __name__ == "__main__":
    main()
