#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Records programs of tests/transparency and looks at what their traces tell of descriptors: both
ends of a channel have one key, and each wait that begins ends, however its thread does.

    BUILD=DIR channels.py
"""
import os
import pathlib
import re
import subprocess
import tempfile

BUILD = pathlib.Path(os.environ["BUILD"])
EVENT = re.compile(r"^\d+ T(\d+) (\w+) (.*)$")


def record(*command):
    """(thread, kind, rest) of each event."""
    with tempfile.TemporaryDirectory() as there:
        trace = f"{there}/trace"
        environment = dict(os.environ, LD_PRELOAD=str(BUILD / "lib/snarl/libsnarl.so"),
                           SNARL_OPTIONS=f"-o {trace}")
        program = [BUILD / "tests/transparency" / command[0], *command[1:]]
        subprocess.run(program, env=environment, cwd=there, check=True, timeout=60,
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        dump = subprocess.run([BUILD / "bin/snarl", "dump", trace], check=True, text=True,
                              stdout=subprocess.PIPE, timeout=60)
    return [match.groups() for match in map(EVENT.match, dump.stdout.splitlines()) if match]


def keys(events, kind, carrier):
    return [rest.split()[1] for _, k, rest in events if k == kind and rest.startswith(carrier)]


def check_one_key(command, carrier, transfers):
    """What comes out last went in last: its key is that of a `before`, and all are the same."""
    events = record(*command)
    sent, received = (keys(events, f"happens_{way}", carrier) for way in ("before", "after"))
    assert len(received) >= transfers, (command, received)
    assert received[-1] == sent[-1], (command, sent, received)


def check_waits_end(command, waits):
    """Each thread's waits begin and end in turn."""
    within, begun = {}, 0
    for thread, kind, rest in record(*command):
        if kind == "block_begin":
            assert thread not in within, (command, thread, rest)
            within[thread] = rest.split()[0]
            begun += 1
        elif kind == "block_end":
            assert within.pop(thread) == rest.split()[0], (command, thread, rest)
    assert not within, (command, within)
    assert begun >= waits, (command, begun)


check_one_key(["sockets", "passed"], "socket", 2)
check_one_key(["io", "interrupted"], "pipe", 1)
check_waits_end(["io", "cancelled"], 6)
check_waits_end(["waits", "cancelled"], 11)
check_waits_end(["waits", "interrupted"], 12)
