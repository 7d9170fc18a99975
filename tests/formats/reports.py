# SPDX-License-Identifier: Apache-2.0
"""What the tests of the formats share: reports to render, and snarl to do it."""
import glob
import json
import os
import re
import subprocess
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.dirname(os.path.dirname(HERE))
GOLDEN = SOURCE + "/tests/golden/report"
SNARL = os.environ["SNARL"]
BUILD = os.environ["BUILD"]
GOLDEN_NAMES = sorted(os.path.basename(path)[:-5] for path in glob.glob(GOLDEN + "/*.json"))


def snarl(*arguments, codes=(0,), cwd=None, **environment):
    """What snarl writes to stdout."""
    clean = {k: v for k, v in os.environ.items() if k != "GITHUB_STEP_SUMMARY"}
    done = subprocess.run([SNARL, *arguments], cwd=cwd, env=clean | environment,
                          stdin=subprocess.DEVNULL, capture_output=True, check=False)
    if done.returncode not in codes:
        raise AssertionError("snarl %s: %d: %s" % (arguments, done.returncode,
                                                   done.stderr[-2000:]))
    return done.stdout


def has(form):
    """Whether this snarl was built with it."""
    return re.search(r"\b%s\b" % form, snarl("report", "--help").decode().split("Formats:")[1])


def golden(name):
    with open("%s/%s.json" % (GOLDEN, name), encoding="utf-8") as file:
        return json.load(file)


def render(report, form, *options, **environment):
    """REPORT (a document, or the name of a golden one) in the format FORM, as bytes."""
    if isinstance(report, str):
        report = golden(report)
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(report, file)
        file.flush()
        return snarl("report", "--format=" + form, "--source-root=" + GOLDEN + "/src", *options,
                     file.name, **environment)


def difference(before, after, form, **environment):
    """The same of what `snarl diff` tells."""
    with tempfile.TemporaryDirectory() as directory:
        for name, report in ("old", before), ("new", after):
            with open("%s/%s.json" % (directory, name), "w", encoding="utf-8") as file:
                json.dump(report, file)
        return snarl("diff", "--format=" + form, "--source-root=" + GOLDEN + "/src",
                     directory + "/old.json", directory + "/new.json",
                     codes=(0, 1), **environment)


def traces():
    """Those that the fuzzers start from."""
    return sorted(glob.glob(SOURCE + "/fuzz/corpus/trace/*")
                  + glob.glob(SOURCE + "/fuzz/corpus/xstd/*"))


def analyzed():
    """Their reports: (name, bytes of the JSON)."""
    for path in traces():
        out = snarl("analyze", "--format=json", path, codes=(0, 1, 2))
        if out:
            yield os.path.basename(path), out


def with_findings(count, kind="data-race"):
    """A report of COUNT findings, which differ in their ids."""
    report = golden("race")
    pattern = json.dumps(report["findings"][0])
    report["findings"] = []
    for number in range(count):
        finding = json.loads(pattern)
        finding["id"] = "1:%016x" % number
        finding["kind"] = kind
        finding["title"] = "number %d" % number
        report["findings"].append(finding)
    return report


def changed():
    """Two reports: of the first one's findings a is fixed, b is known; in the second c is new."""
    before, after = with_findings(2), with_findings(3)
    after["findings"].pop(0)
    return before, after


def hostile(form, *more, whole=False):
    """What hostile.c makes of each of its strings: (number, bytes). Of a format that leaves nothing
    out (WHOLE) only the strings that are not a megabyte."""
    number = 0
    while number < MEGABYTE or not whole:
        done = subprocess.run([BUILD + "/hostile", str(number), form, *more], cwd="/",
                              capture_output=True, check=False)
        if done.returncode == 1 and not done.stderr:
            break
        if done.returncode != 0:
            raise AssertionError("hostile %d %s: %d %s" % (number, form, done.returncode,
                                                           done.stderr[-2000:]))
        yield number, done.stdout
        number += 1
    assert number > 10


MEGABYTE = 13  # from this number on the strings of hostile.c are that long
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f\x80-\x9f\u202a-\u202e\ufffe\uffff]")
