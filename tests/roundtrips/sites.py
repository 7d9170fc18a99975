#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How many accesses a module has that other threads might see, by objdump and readelf alone, and
how many of these have a check, as the recorder tells it. Two decoders, two countings.

    tests/roundtrips/sites.py [--build DIR] [--missed] MODULE...

A site is an operand in memory; two of movs and cmps. Left out: what push, pop, call and ret do to
the stack; lea, nop, prefetch; operands by rsp, by rbp in functions that begin with its set-up, in
the thread's segments, by vectors of addresses; constants, and what is constant once it has been
relocated (RELRO). The recorder checks the last ones, too: here all of them are taken for checked,
and subtracted, so that the part that is told is rather too small.

--missed asks the recorder about each function of the module and tells where it has fewer checks.
"""
import argparse
import bisect
import collections
import pathlib
import re
import subprocess
import sys
import tempfile

IDLE = re.compile(r"lea|nop|prefetch|endbr|cldemote|data16|cs nop|\(bad\)")
# prefix and displacement, then what stands in parentheses
OPERAND = re.compile(r"(%[fg]s:)?(?:-?0x[0-9a-f]+)?\(([%,][^()]*)\)")
ABSOLUTE = re.compile(r"(?:^|,)(?:%[de]s:)?0x[0-9a-f]+(?:,|$)")
INSTRUCTION = re.compile(r"^ *([0-9a-f]+):\t(.*)$")
COMMENT = re.compile(r"# ([0-9a-f]+)")
FRAME = re.compile(r" FDE .* pc=([0-9a-f]+)\.\.([0-9a-f]+)$")
SEGMENT = re.compile(r"^ +(LOAD|GNU_RELRO) +0x\w+ 0x(\w+) 0x\w+ 0x\w+ 0x(\w+) (R?)( ?W?)")
PREFIXES = re.compile(r"^(?:(?:lock|repz?|repnz|rep|bnd|notrack|data16|[c-g]s|rex\.?[WRXB]*) +)+")


def lines_of(*command):
    with subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, text=True,
                          errors="replace", stderr=subprocess.DEVNULL) as process:
        yield from process.stdout


class Module:
    """What readelf says of a file."""

    def __init__(self, path):
        self.path = path
        self.constants, self.relocated = [], []
        for line in lines_of("readelf", "-lW", path):
            if found := SEGMENT.match(line):
                kind, start, size = found[1], int(found[2], 16), int(found[3], 16)
                if kind == "GNU_RELRO":
                    self.relocated.append((start, start + size))
                elif "W" not in found[5]:
                    self.constants.append((start, start + size))
        frames = set()
        for line in lines_of("readelf", "--debug-dump=frames", path):
            if found := FRAME.search(line):
                frames.add((int(found[1], 16), int(found[2], 16)))
        self.frames = sorted(frames)
        self.begins = [begin for begin, _ in self.frames]

    def function_at(self, address):
        """The number of the function there, or None."""
        number = bisect.bisect_right(self.begins, address) - 1
        return number if number >= 0 and address < self.frames[number][1] else None

    def kind_of(self, address):
        if any(start <= address < end for start, end in self.constants):
            return "constant"
        if any(start <= address < end for start, end in self.relocated):
            return "relocated"
        return "site"

    def kind_of_operand(self, prefix, inner, comment, framed):
        base, index = (inner.split(",") + [""])[:2]
        if prefix or base == "%rsp" or (base == "%rbp" and framed) or index[1:4] in (
                "xmm", "ymm", "zmm"):
            return "other"
        if base == "%rip":
            found = COMMENT.search(comment)
            return self.kind_of(int(found[1], 16)) if found else "site"
        return "site"

    def kinds_in(self, text, framed):
        """Of each operand in memory of one instruction."""
        text, _, comment = text.partition("#")
        text = PREFIXES.sub("", text.strip())
        if IDLE.match(text):
            return []
        if "(" not in text:
            mnemonic, _, operands = text.partition(" ")
            absolute = mnemonic[0] != "j" and mnemonic[:4] != "call" and "<" not in text and \
                ABSOLUTE.search(operands.strip())
            return ["site"] if absolute else []
        return [self.kind_of_operand(found[1], found[2], "#" + comment, framed)
                for found in OPERAND.finditer(text)]

    def instructions(self):
        """Address, text; and whether its function addresses its frame by rbp."""
        current, head, framed = None, [], False
        for line in lines_of("objdump", "-d", "-w", "--no-show-raw-insn", self.path):
            found = INSTRUCTION.match(line)
            if not found:
                skipped = line.startswith("Disassembly of section .plt")
                if line.startswith("Disassembly"):
                    in_stubs = skipped
                continue
            if in_stubs:
                continue
            address, text = int(found[1], 16), found[2]
            function = self.function_at(address)
            if function != current:
                current, head, framed = function, [], False
            if len(head) < 2 and not text.startswith("endbr64"):
                head.append(" ".join(text.split()))
                framed = head == ["push %rbp", "mov %rsp,%rbp"]
            yield address, function, text, framed and function is not None

    def sites(self):
        """Address, function or None, kind (site, relocated) and text of each."""
        for address, function, text, framed in self.instructions():
            if "(" in text or "0x" in text:
                for kind in self.kinds_in(text, framed):
                    if kind in ("site", "relocated"):
                        yield address, function, kind, text


Counts = collections.namedtuple("Counts", "sites relocated outside")


def count(path):
    """OUTSIDE: those sites that lie in no function of .eh_frame."""
    kinds = collections.Counter()
    for _, function, kind, _ in Module(path).sites():
        kinds[kind] += 1
        kinds["outside"] += kind == "site" and function is None
    return Counts(kinds["site"], kinds["relocated"], kinds["outside"])


def part(counts, covered):
    return min(1.0, (covered - counts.relocated) / counts.sites) if counts.sites else 1.0


def table(modules):
    """MODULES: of each path how many sites and checks the recorder counts."""
    lines = [f"\n{'module':42} {'sites':>9} {'constant':>9} {'outside':>8} {'checked':>9} "
             f"{'of ours':>9} {'part':>7}"]
    for path, (ours, covered) in sorted(modules.items()):
        counts = count(path)
        lines.append(f"{pathlib.Path(path).name:42} {counts.sites:9} {counts.relocated:9} "
                     f"{counts.outside:8} {covered:9} {ours:9} "
                     f"{100 * part(counts, covered):6.2f}%")
    return "\n".join(lines)
