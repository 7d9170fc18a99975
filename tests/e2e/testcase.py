# SPDX-License-Identifier: Apache-2.0
"""The testcases: what stands in their files, and how they are built. README.md has the words."""
import collections
import dataclasses
import pathlib
import re
import shlex
import subprocess

TREE = pathlib.Path(__file__).resolve().parents[2]
HAZARD = re.compile(r'^HAZARD\(\w+, "([\w-]+)", (\w+)', re.M)
DIRECTIVE = re.compile(r"^/\* ([A-Z]+)(?:: (.*?))? \*/$")
MARKER = re.compile(r"@([\w-]+)")
WARNINGS = ["-Wall", "-Wextra", "-Werror"]
STANDARD = {".c": "-std=gnu17", ".cc": "-std=c++20"}
CXX = {"gcc": "g++", "clang": "clang++"}

REWRITES = ("possible", "possible if optimized", "possible unless optimized", "nothing")

Expected = collections.namedtuple("Expected", "kind level markers")


class BuildError(Exception):
    """The compiler said no."""


def severities():
    """Kind to its usual severity."""
    text = (TREE / "finding/hazards.def").read_text()
    return {kind: severity.lower() for kind, severity in HAZARD.findall(text)}


def expectations(text):
    """What an EXPECT line says: one, or none."""
    if text == "nothing":
        return []
    kind, level, *markers = text.split()
    return [Expected(kind, level, frozenset(m.lstrip("@") for m in markers))]


@dataclasses.dataclass
class Testcase:
    """One program, and what its file says about it."""

    path: pathlib.Path
    expected: list = dataclasses.field(default_factory=list)
    arguments: list = dataclasses.field(default_factory=list)
    options: list = dataclasses.field(default_factory=list)
    flags: dict = dataclasses.field(default_factory=dict)
    finding: dict = dataclasses.field(default_factory=dict)
    hangs: bool = False
    digits_vary: bool = False
    shares_memory: bool = False
    tsan: str = ""
    rewrite: str = ""
    needs_accesses: bool = False
    blind: list = None
    by_clang: list = None
    markers: dict = dataclasses.field(default_factory=dict)
    source: list = dataclasses.field(default_factory=list)

    @property
    def name(self):
        return str(self.path.relative_to(TREE / "testcases").with_suffix(""))

    def directive(self, word, rest):
        if word == "EXPECT":
            self.expected += expectations(rest)
        elif word == "CLANG":
            self.by_clang = (self.by_clang or []) + expectations(rest)
        elif word == "BLIND":
            self.blind = (self.blind or []) + expectations(rest)
        elif word == "ARGS":
            self.arguments = shlex.split(rest)
        elif word == "RUN":
            self.options = shlex.split(rest)
        elif word == "FLAGS":
            compiler, *flags = rest.split()
            self.flags[compiler] = flags
        elif word == "FINDING":
            self.finding = dict(item.split("=", 1) for item in shlex.split(rest))
        elif word == "SOURCE":
            marker, expression, *declaration = shlex.split(rest)
            self.source.append((marker.lstrip("@"), expression, *(declaration or [expression])))
        elif word == "HANGS":
            self.hangs = True
        elif word == "OUTPUT" and rest == "digits vary":
            self.digits_vary = True
        elif word == "SHARES" and rest == "memory":
            self.shares_memory = True
        elif word == "NEEDS" and rest == "accesses":
            self.needs_accesses = True
        elif word == "TSAN":
            self.tsan = rest
        elif word == "REWRITE" and rest in REWRITES:
            self.rewrite = rest
        else:
            raise ValueError(f"{self.path}: what is {word}: {rest}?")

    def must_be_seen(self):
        """Whether `run` must see by itself that the program hangs."""
        limits = ("--timeout", "--hang")
        return self.hangs and not any(option.startswith(limits) for option in self.options)

    def is_circle(self):
        """Whether the program itself may see it first."""
        return any("deadlock" in expected.kind for expected in self.expected)

    def markers_at(self, line):
        """The markers of a line, or a word that is none, so that no expectation matches it."""
        return self.markers.get(line) or {f"line:{line}"}

    def gated(self):
        """Whether `run` answers with 66."""
        usual = severities()
        return any(
            e.level != "possible" and self.finding.get("severity", usual[e.kind]) != "note"
            for e in self.expected
        )

    def without_accesses(self):
        """What is expected where no access is recorded."""
        if self.blind is not None:
            return dataclasses.replace(self, expected=self.blind)
        return dataclasses.replace(
            self,
            expected=[
                e._replace(level="possible" if e.level == "predicted" else e.level)
                for e in self.expected
                if e.kind not in ("data-race", "atomicity-violation")
                and not self.needs_accesses
            ],
        )


    def compiled(self, optimize):
        """What is expected of this form of it: an update of what has a name is known for one where
        it is not optimized, one through a pointer where it is."""
        word = {"possible if optimized": "-O2", "possible unless optimized": "-O0"}
        if self.rewrite not in word:
            return self
        same = (optimize == "-O0") == (word[self.rewrite] == "-O0")
        return dataclasses.replace(self, rewrite="possible" if same else "")

    def rewritten(self):
        """What is expected where atomics are as machine code shows them."""
        if not self.rewrite:
            return self
        kept = self.expected if self.rewrite == "possible" else []
        return dataclasses.replace(
            self,
            expected=[
                e._replace(level="possible" if e.kind == "data-race" else e.level) for e in kept
            ],
        )


def read_testcase(path):
    case = Testcase(path)
    seen = set()
    for number, line in enumerate(path.read_text().splitlines(), 1):
        directive = DIRECTIVE.match(line)
        if directive:
            seen.add(directive[1])
            case.directive(directive[1], directive[2] or "")
        elif MARKER.search(line):
            case.markers[number] = set(MARKER.findall(line))
    known = set().union(*case.markers.values())
    for expected in case.expected:
        if expected.markers - known:
            raise ValueError(f"{path}: no line is marked {set(expected.markers - known)}")
    if "EXPECT" not in seen:
        raise ValueError(f"{path}: says not what to expect")
    return case


def read_all(pattern=""):
    """Every testcase whose name matches the regular expression."""
    paths = sorted(p for p in (TREE / "testcases").glob("*/*") if p.suffix in STANDARD)
    cases = [read_testcase(path) for path in paths]
    return [case for case in cases if re.search(pattern, case.name)]


def compiler_of_mode(case, build, compiler, mode):
    """The command that compiles and links, for one way of getting at the accesses."""
    shared = ["-shared-libsan"] if compiler == "clang" else []
    wrapper = ["env", f"SNARL_CC={compiler}", str(build / "bin/snarl-cc")]
    if case.path.suffix == ".cc":
        compiler = CXX[compiler]
        wrapper = ["env", f"SNARL_CXX={compiler}", str(build / "bin/snarl-c++")]
    return {
        "plain": [compiler],
        "none": [compiler],
        "rewrite": [compiler],
        "auto": [compiler],
        "tsan": wrapper,
        "shared": [compiler, "-fsanitize=thread", *shared],
        "real": [compiler, "-fsanitize=thread"],
    }[mode]


def build_testcase(case, build, compiler, optimize, mode):
    """Compiles it if need be; the program's path. Modes are those of README.md, and plain (no
    instrumentation) and real (ThreadSanitizer's own run-time)."""
    directory = build / "tests/e2e" / f"{compiler}{optimize}-{mode}"
    program = directory / case.name.replace("/", ".")
    order = build / "tests/libsnarl_order.so"
    headers = [TREE / "tests/order/order.h", TREE / "include/snarl.h"]
    inputs = [case.path, order, pathlib.Path(__file__)] + headers
    if program.exists() and all(program.stat().st_mtime >= i.stat().st_mtime for i in inputs):
        return program
    directory.mkdir(parents=True, exist_ok=True)
    common = compiler_of_mode(case, build, compiler, mode) + ["-pthread", "-g", optimize]
    object_file = program.with_name(program.name + ".o")
    commands = [
        common + WARNINGS + [STANDARD[case.path.suffix]] + case.flags.get(compiler, [])
        + [f"-I{header.parent}" for header in headers]
        + ["-c", str(case.path), "-o", str(object_file)],
        common + case.flags.get(compiler, []) + [str(object_file), "-o", str(program)]
        + [f"-L{order.parent}", "-lsnarl_order", f"-Wl,-rpath,{order.parent}"],
    ]  # fmt: skip
    for command in commands:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise BuildError(f"{shlex.join(command)}: {done.stderr.strip()}")
    object_file.unlink()
    return program
