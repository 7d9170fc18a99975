#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Libraries that lie at one address in turn (turns.c): everything is called after the one that lay
there at the time, and one's locks are not the other's. BUILD says where the build is."""
import json
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.environ["BUILD"]
CHEFS = ["barron", "olivia", "steve"]
PLACE = "0x7e9200000000"  # where the linker puts them, as long as it is free
MODULE = re.compile(r' module \w+ .*"[^"]*/lib(barron|olivia|steve)\.so"')
CALLED = re.compile(r"\blib(barron|olivia|steve)\.so\+")


def expect(condition, text):
    if not condition:
        raise AssertionError(text)


def build(directory, *flags, output):
    path = os.path.join(directory, output)
    subprocess.run([os.path.join(BUILD, "bin/snarl-cc"), "-std=gnu17", "-O1", "-g", *flags,
                    os.path.join(HERE, "turns.c"), "-o", path, "-lpthread"], check=True)
    return path


class Kitchen:
    def __init__(self, directory):
        self.directory = directory
        self.program = build(directory, output="turns")
        for chef in CHEFS:
            build(directory, f"-DCHEF={chef}", "-shared", "-fPIC", f"-Wl,-Ttext-segment={PLACE}",
                  output=f"lib{chef}.so")

    def run(self, *shifts):
        """The findings, and the trace as text. SHIFTS: a chef, and what it does."""
        trace = os.path.join(self.directory, "trace")
        report = os.path.join(self.directory, "report.json")
        arguments = []
        for chef, what in shifts:
            arguments += [os.path.join(self.directory, f"lib{chef}.so"), what]
        snarl = os.path.join(BUILD, "bin/snarl")
        run = subprocess.run([snarl, "run", "-o", trace, "--json", report, "--", self.program,
                              *arguments], capture_output=True, text=True, timeout=60)
        expect(run.returncode in (0, 66) and not run.stdout,
               f"{run.returncode} {run.stdout} {run.stderr}")
        dump = subprocess.run([snarl, "dump", trace], check=True, capture_output=True, text=True,
                              timeout=60).stdout.splitlines()
        with open(report, encoding="utf-8") as file:
            return json.load(file)["findings"], dump


def in_one_place(dump, count):
    starts = [line.split()[4] for line in dump if MODULE.search(line)]
    expect(len(starts) == count, f"modules at {starts}")
    expect(len(set(starts)) == 1, f"they lie apart, at {starts}: there is nothing to be seen")


def races_are_called_after_their_chef(kitchen):
    findings, dump = kitchen.run(*((chef, "races") for chef in CHEFS + CHEFS[:1]))
    in_one_place(dump, 4)
    told = {}
    for finding in findings:
        expect(finding["kind"] == "data-race", finding["kind"])
        functions = {site["stack"][0]["function"] for site in finding["sites"]}
        told.setdefault(finding["variable"]["name"], set()).update(functions)
    expect(told == {f"{chef}_plate": {f"{chef}_salts"} for chef in CHEFS}, told)
    there = None
    for line in dump:
        module = MODULE.search(line)
        there = module.group(1) if module else there
        chefs = set(CALLED.findall(line))
        expect(chefs <= {there}, f"{there} was there: {line}")


def locks_of_others_are_others(kitchen):
    findings, dump = kitchen.run(("barron", "pot_first"), ("olivia", "stove_first"),
                                 ("steve", "pot_first"), ("olivia", "stove_first"))
    in_one_place(dump, 4)
    expect(not findings, findings)


def a_cycle_is_called_after_its_chef(kitchen):
    """Both orders in one of them, between the others."""
    findings, dump = kitchen.run(("barron", "pot_first"), ("olivia", "both"),
                                 ("steve", "pot_first"))
    in_one_place(dump, 3)
    expect([finding["kind"] for finding in findings] == ["deadlock"], findings)
    names = {lock["name"] for lock in findings[0]["locks"]}
    expect(names == {"olivia_pot", "stove"}, names)


def modules_come_before_what_they_do(kitchen):
    _, dump = kitchen.run(("barron", "races"), ("olivia", "races"))
    for chef in CHEFS[:2]:
        module = next(i for i, line in enumerate(dump)
                      if MODULE.search(line) and f'/lib{chef}.so"' in line)
        first = next(i for i, line in enumerate(dump) if chef in CALLED.findall(line))
        address = dump[module].split()[4]
        covered = next(i for i, line in enumerate(dump)
                       if i > module and f" coverage tsan {address}" in line)
        expect(module < covered < first, f"{chef}: {module} {covered} {first}")


def main():
    with tempfile.TemporaryDirectory(prefix="turns.") as directory:
        kitchen = Kitchen(directory)
        for check in (races_are_called_after_their_chef, locks_of_others_are_others,
                      a_cycle_is_called_after_its_chef, modules_come_before_what_they_do):
            try:
                check(kitchen)
            except (AssertionError, StopIteration) as fault:
                sys.exit(f"{check.__name__}: {fault!r}")


main()
