#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The page in Chromium: makes pages with snarl, and lets browser_test.js click through them."""
import gzip
import json
import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
TREE = HERE.parents[1]
sys.path.insert(0, str(TREE / "tests/formats"))
import npm  # pylint: disable=wrong-import-position

BUILD = pathlib.Path(os.environ["BUILD"])
SNARL = os.environ["SNARL"]
GOLDEN = TREE / "tests/golden/report"


def write(name, command, codes=(0,), **more):
    """What COMMAND says, as the file NAME."""
    with open(BUILD / "pages" / name, "wb") as file:
        done = subprocess.run(command, stdout=file, stderr=subprocess.PIPE,
                              stdin=subprocess.DEVNULL, timeout=120, check=False, **more)
    if done.returncode not in codes:
        sys.exit("%s: %d: %s" % (command, done.returncode, done.stderr[-2000:]))


def testcase(name, compiler, *options):
    """Some hang, and are ended for it."""
    program = BUILD / name
    order = os.environ["ORDER"]
    subprocess.run([compiler, "-g", "-O1", "-pthread", "-I", TREE / "tests/order",
                    "testcases/deadlock/%s.c" % name, "-o", program, "-L", order,
                    "-lsnarl_order", "-Wl,-rpath," + order], cwd=TREE, check=True)
    subprocess.run([SNARL, "run", "--format=html:%s/pages/%s.html" % (BUILD, name), *options, "--",
                    program], cwd=TREE, check=False, timeout=60, stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def many_findings():
    with open(GOLDEN / "race.json", encoding="utf-8") as file:
        report = json.load(file)
    first, = report["findings"]
    report["findings"] = [first | {"id": "1:%016x" % number, "title": "number %d" % number}
                          for number in range(5000)]
    with open(BUILD / "many.json", "w", encoding="utf-8") as file:
        json.dump(report, file)
    write("many.html", [SNARL, "report", "--format=html", BUILD / "many.json"])


def long_trace():
    """As text: two hundred thousand events, of threads that nest locks."""
    lines = []
    for number in range(50000):
        thread, outer, inner = number % 4, number % 7, 7 + number % 3
        lines += ["T%d|acq(L%d)|1" % (thread, outer), "T%d|acq(L%d)|2" % (thread, inner),
                  "T%d|rel(L%d)|3" % (thread, inner), "T%d|rel(L%d)|4" % (thread, outer)]
    (BUILD / "long.std").write_text("\n".join(lines) + "\n", encoding="ascii")


def make_pages():
    shutil.rmtree(BUILD / "pages", ignore_errors=True)
    (BUILD / "pages").mkdir(parents=True)
    testcase("philosophers", "cc", "--accesses=none")
    testcase("philosophers-lucky", os.path.dirname(SNARL) + "/snarl-cc")
    many_findings()
    for name in "predicted", "race", "nothing", "possible", "cousins", "explained":
        write(name + ".html", [SNARL, "report", "--format=html", "--source-root", GOLDEN / "src",
                               GOLDEN / (name + ".json")])
    write("busy.html", [os.environ["BUSY"], "100000", "html"], cwd=GOLDEN)
    number = 0
    while True:
        done = subprocess.run([os.environ["HOSTILE"], str(number), "html"], stdout=subprocess.PIPE,
                              check=False)
        if done.returncode:
            break
        (BUILD / "pages" / ("hostile-%d.html" % number)).write_bytes(done.stdout)
        number += 1
    assert number > 10


def main():
    size = len(gzip.compress(pathlib.Path(os.environ["PAGE"]).read_bytes()))
    assert size < 150_000, "the page without data is %d bytes, compressed" % size
    npm.install(str(HERE), str(BUILD / "npm"))
    if not shutil.which("chromium"):
        print("skipped: no chromium; scripts/install-dependencies --test installs it")
        sys.exit(77)
    make_pages()
    long_trace()
    with subprocess.Popen([SNARL, "serve", BUILD / "long.std"], stdout=subprocess.PIPE,
                          text=True) as server:
        try:
            served = server.stdout.readline().strip()
            code = subprocess.run([os.environ["NODE"], "--test", str(HERE / "browser_test.js")],
                                  env=os.environ | {"SERVED": served}, check=False).returncode
        finally:
            server.terminate()
    sys.exit(code or server.returncode)


if __name__ == "__main__":
    main()
