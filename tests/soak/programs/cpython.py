# SPDX-License-Identifier: Apache-2.0
"""CPython's own tests of threads, signals, fork and processes: the result of each, by name."""
import xml.etree.ElementTree

PYTHON = "/usr/bin/python3.11"
# Until it is taken to hang: many times what it takes on an idle machine. On a busy one each of the
# thousand processes of the last one waits for its turn.
SECONDS = {"test_thread": 120, "test_fork1": 120, "test_threading": 600, "test_signal": 600,
           "test_multiprocessing_fork": 1200}
NEEDS = [PYTHON, "/usr/lib/python3.11/test/test_threading.py"]


def outcome(case):
    for kind in "failure", "error", "skipped":
        node = case.find(kind)
        if node is not None:
            return "skipped" if kind == "skipped" else f"failed: {node.get('message') or node.text}"
    return "ok"


def results(path):
    return {f"{case.get('classname')}.{case.get('name')}": outcome(case)
            for case in xml.etree.ElementTree.parse(path).iter("testcase")}


def perform(stage, test):
    ended = stage.call(PYTHON, "-m", "test", "-v", "--junit-xml", "results.xml", test)
    told = results(stage.directory / "results.xml")
    failed = any(result.startswith("failed") for result in told.values())
    if bool(ended.status) != failed:
        told["the whole"] = f"status {ended.status}\n{ended.output[-3000:]}{ended.errors[-3000:]}"
    return told


def differences(alone, recorded):
    """A test that fails alone may fail recorded; none else."""
    for name in alone.keys() | recorded.keys():
        one, other = alone.get(name, "not run"), recorded.get(name, "not run")
        if one != other and not (one.startswith("failed") and other in ("ok", "skipped")
                                 or one.startswith("failed") and other.startswith("failed")):
            yield f"{name}: alone {one}; recorded {other}"


# Daemons may be about to take or leave the interpreter's lock as the process ends, anywhere.
TRUE = ["abandoned-lock observed note: holds "]

PROGRAMS = [
    {"name": f"cpython-{test}", "perform": lambda stage, test=test: perform(stage, test),
     "differences": differences, "findings": TRUE, "patience": seconds, "needs": NEEDS,
     "quick": test == "test_thread"}
    for test, seconds in SECONDS.items()
]
