#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How many accesses a module has that other threads might see, by objdump and readelf alone, and
how many of these have a check, as the recorder tells it. Two decoders, two countings.

    tests/roundtrips/sites.py [--build DIR] [--rewrite PATTERNS] [--count MODULE...] COMMAND...

It runs the command rewritten, with its libraries, and tells of each module; --count only counts.

A site is an operand in memory; two of movs and cmps. Left out: what push, pop, call and ret do to
the stack; lea, nop, prefetch; operands by rsp, by rbp in functions that begin with its set-up, in
the thread's segments, by vectors of addresses; constants, and what is constant once it has been
relocated (RELRO). The recorder checks the last ones, too: here all of them are taken for checked,
and subtracted, so that the part that is told is rather too small.
"""
import argparse
import bisect
import collections
import os
import pathlib
import re
import subprocess
import tempfile

IDLE = re.compile(r"lea|nop|prefetch|endbr|cldemote|data16|cs nop|\(bad\)")
# prefix and displacement, then what stands in parentheses
BROKEN = re.compile(r"\(bad\)|^\.byte")
OPERAND = re.compile(r"(%[fg]s:)?(?:-?0x[0-9a-f]+)?\(([%,][^()]*)\)")
ABSOLUTE = re.compile(r"(?:^|,)(?:%[de]s:)?0x[0-9a-f]+(?:,|$)")
INSTRUCTION = re.compile(r"^ *([0-9a-f]+):\t(.*)$")
COMMENT = re.compile(r"# ([0-9a-f]+)")
FRAME = re.compile(r" FDE .* pc=([0-9a-f]+)\.\.([0-9a-f]+)$")
SEGMENT = re.compile(r"^ +(LOAD|GNU_RELRO) +0x\w+ 0x(\w+) 0x\w+ 0x\w+ 0x(\w+) (R?)( ?W?)")
PREFIXES = re.compile(r"^(?:(?:lock|repz?|repnz|rep|bnd|notrack|data16|[c-g]s|rex\.?[WRXB]*) +)+")
LINES = 20000  # of a dump, within which modules are loaded
MODULE = re.compile(r'^\d+ T\d+ module \w+ (0x\w+) .*"(.*)" t=')
COVERAGE = re.compile(r"^\d+ T\d+ coverage rewrite (0x\w+) sites=(\d+) covered=(\d+)")


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
        """Address, text; which function (None: none) and whether that addresses its frame by rbp.
        """
        current, head, framed, stubs = None, [], False, False
        for line in lines_of("objdump", "-d", "-w", "--no-show-raw-insn", self.path):
            if line.startswith("Disassembly"):
                stubs = " .plt" in line
            found = INSTRUCTION.match(line)
            if not found or stubs:
                continue
            address, text = int(found[1], 16), found[2]
            function = self.function_at(address)
            if function != current:
                current, head, framed = function, [], False
            if len(head) < 2 and not text.startswith("endbr64"):
                head.append(" ".join(text.split()))
                framed = head == ["push %rbp", "mov %rsp,%rbp"]
            yield address, function, text, framed and function is not None


Counts = collections.namedtuple("Counts", "sites relocated outside data")


def count(path):
    """OUTSIDE: those of the sites that lie in no function of .eh_frame. DATA: what would be more,
    but lies there between bytes that are no instructions."""
    module = Module(path)
    kinds, outside, broken = collections.Counter(), collections.Counter(), set()
    for address, function, text, framed in module.instructions():
        gap = bisect.bisect_right(module.begins, address) if function is None else None
        if gap is not None and BROKEN.search(text):
            broken.add(gap)
        if "(" not in text and "0x" not in text:
            continue
        for kind in module.kinds_in(text, framed):
            if gap is None:
                kinds[kind] += 1
            elif kind == "site":
                outside[gap] += 1
    data = sum(outside[gap] for gap in broken)
    left = outside.total() - data
    return Counts(kinds["site"] + left, kinds["relocated"], left, data)


def part(counts, covered):
    return (covered - counts.relocated) / counts.sites if counts.sites else 1.0


def table(modules):
    """MODULES: of each path how many sites and checks the recorder counts."""
    lines = [f"\n{'module':42} {'sites':>9} {'constant':>9} {'outside':>8} {'data':>7} "
             f"{'checked':>9} {'of ours':>9} {'part':>7}"]
    for path, (ours, covered) in sorted(modules.items()):
        counts = count(path)
        lines.append(f"{pathlib.Path(path).name:42} {counts.sites:9} {counts.relocated:9} "
                     f"{counts.outside:8} {counts.data:7} {covered:9} {ours:9} "
                     f"{100 * part(counts, covered):6.2f}%")
    return "\n".join(lines)


def coverage_of(snarl, trace):
    """Of each rewritten module: its path, and how many sites it has and how many have a check."""
    told, paths = {}, {}
    with subprocess.Popen([snarl, "dump", trace], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL) as dump:
        for number, line in enumerate(dump.stdout):
            text = line.decode(errors="replace")
            if found := MODULE.match(text):
                paths[found[1]] = found[2]
            elif found := COVERAGE.match(text):
                told[paths.get(found[1], "?")] = (int(found[2]), int(found[3]))
            if number > LINES:
                dump.terminate()
                break
    return told


def run(build, rewrite, command):
    with tempfile.TemporaryDirectory(prefix="sites.") as there:
        options = f"-o {there}/trace --accesses=rewrite --follow=main --rewrite={rewrite}"
        subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=False,
                       env=dict(os.environ, LD_PRELOAD=f"{build}/lib/snarl/libsnarl.so",
                                SNARL_OPTIONS=options))
        return coverage_of(build / "bin/snarl", f"{there}/trace")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path,
                        default=pathlib.Path(__file__).resolve().parents[2] / "build/dev")
    parser.add_argument("--rewrite", default="*", help="which libraries, too")
    parser.add_argument("--count", action="store_true", help="the arguments are modules")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    if options.count:
        for module in options.command:
            print(f"{module}: {count(module)._asdict()}")
        return
    print(table(run(options.build.resolve(), options.rewrite, options.command)))


if __name__ == "__main__":
    main()
