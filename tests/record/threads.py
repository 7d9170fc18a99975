#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Records each story of threads.c and compares what the trace tells with what it must.

    threads.py --build BUILD

Of an object: all its events, in their order. Of a thread: its life. Numbers that change from run to
run are left out.
"""
import argparse
import os
import re
import subprocess
import sys
import tempfile

LIFE = ("thread_", "join", "block_", "exit")
DROPPED = re.compile(r" (v\d+|t=\d+|e=\d+|@\d+|tid=\d+|pid=\d+|\[[^\]]*\])")

# Story, which trace of it, of whom: what is told.
EXPECTED = {
    ("c11", "", "m"): """
        T0 object_new mutex m
        T0 acquire mutex m
        T1 try_fail mutex m holder=T0 try
        T1 request mutex m holder=T0 timed
        T1 try_fail mutex m holder=T0 timed timeout
        T1 request mutex m holder=T0
        T0 release mutex m
        T1 acquire mutex m contended
        T1 release mutex m
        T2 acquire mutex m
        T2 release mutex m in_wait
        T0 acquire mutex m
        T0 release mutex m
        T2 acquire mutex m in_wait
        T2 release mutex m
        T0 acquire mutex m
        T0 release mutex m in_wait
        T0 acquire mutex m in_wait
        T0 release mutex m
        T0 object_end mutex destroy m""",
    ("c11", "", "c"): """
        T0 object_new cond c
        T2 cond_wait c mutex=m
        T0 cond_signal c
        T2 cond_wake c
        T0 cond_wait c mutex=m timed
        T0 cond_wake c timed timeout
        T0 cond_signal c broadcast
        T0 object_end cond destroy c""",
    ("c11", "", "once"): """
        T0 object_new once once static
        T0 once_begin once
        T0 once_end once
        T0 once_seen once""",
    ("c11", "", "T0"): """
        T0 thread_start ? parent=T?
        T0 thread_create T1
        T0 join_request T1
        T0 join T1
        T0 thread_create T2
        T0 join_request T2
        T0 join T2
        T0 block_begin sleep timed
        T0 block_end sleep timed
        T0 thread_create T3
        T0 thread_detach T3
        T0 exit return""",
    ("c11", "", "T1"): """
        T1 thread_start ? parent=T0
        T1 thread_stack ? size=8388608
        T1 thread_exit call""",
    ("c11", "", "T2"): """
        T2 thread_start ? parent=T0
        T2 thread_stack ? size=8388608
        T2 thread_exit return""",
    ("named_semaphore", "", "sem"): """
        T0 object_new sem sem process_shared value=2
        T0 shared_memory sem size=32 identity=?
        T0 sem_wait sem
        T0 sem_post sem
        T0 sem_wait sem
        T0 object_end sem unmap sem""",
    ("names", "", "T1"): """
        T1 thread_start ? parent=T0
        T1 thread_stack stack size=65536
        T1 thread_name T1 "by prctl, which"
        T1 thread_exit return""",
    ("names", "", "T2"): """
        T2 thread_start ? parent=T0
        T2 thread_stack ? size=8388608
        T2 thread_name T2 "itself"
        T2 thread_exit return""",
    # What a child shares with its parent is not the child's when it begins.
    ("shared", "", "robust"): """
        T0 shared_memory robust size=4096 identity=?
        T0 object_new mutex robust robust
        T0 acquire mutex robust
        T0 release mutex robust
        T0 acquire mutex robust owner_dead
        T0 release mutex robust""",
    ("shared", ".1", "robust"): """
        T0 shared_memory robust size=4096 identity=?
        T0 object_new mutex robust robust static
        T0 try_fail mutex robust try
        T0 acquire mutex robust""",
    ("keys", "", "in_destructor"): """
        T1 object_new mutex in_destructor static
        T1 acquire mutex in_destructor
        T1 release mutex in_destructor
        T1 acquire mutex in_destructor
        T1 release mutex in_destructor
        T1 acquire mutex in_destructor
        T1 release mutex in_destructor""",
    ("cancelled", "", "m2"): """
        T1 object_new mutex m2 static
        T1 acquire mutex m2
        T1 release mutex m2""",
    ("cancelled", "", "T2"): """
        T2 thread_start ? parent=T0
        T2 thread_stack ? size=8388608
        T2 thread_exit cancel""",
}


def record(build, story, trace):
    """Runs it; the names of its objects by their addresses."""
    environment = {"LD_PRELOAD": f"{build}/lib/snarl/libsnarl.so",
                   "SNARL_OPTIONS": f"-o {trace} --accesses=none"}
    run = subprocess.run([f"{build}/tests/record/threads", story], check=True, timeout=20,
                         stdout=subprocess.PIPE, text=True, env={**os.environ, **environment})
    return {address: name for name, address in (line.split() for line in run.stdout.splitlines())}


def told(build, trace, names, whom):
    """The lines of a dump that are about WHOM."""
    dump = subprocess.run([f"{build}/bin/snarl", "dump", trace], check=True, capture_output=True,
                          text=True)
    if dump.stderr:
        raise AssertionError(dump.stderr)
    lines = []
    for line in dump.stdout.splitlines():
        words = line.split(" ", 2)
        if len(words) < 3 or not words[1].startswith("T"):
            continue
        line = DROPPED.sub("", " ".join(words[1:]))
        life = words[2].startswith(LIFE)
        about = [words[1]] if life else [names.get(word) for word in line.split()]
        if whom in about:
            lines.append(re.sub(r"0x[0-9a-f]+", lambda m: names.get(m[0], "?"), line))
    return lines


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    build = parser.parse_args().build
    failures = []
    with tempfile.TemporaryDirectory() as directory:
        names = {}
        for story, part, whom in EXPECTED:
            trace = os.path.join(directory, story)
            if story not in names:
                names[story] = record(build, story, trace)
            expected = [line.strip() for line in EXPECTED[story, part, whom].split("\n")[1:]]
            actual = told(build, trace + part, names[story], whom)
            if actual != expected:
                failures.append("\n  ".join([f"{story}{part}, {whom}: expected", *expected,
                                             "- but told is", *actual]))
    return "\n".join(failures) or 0


if __name__ == "__main__":
    sys.exit(main())
