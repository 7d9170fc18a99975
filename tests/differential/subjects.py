# SPDX-License-Identifier: Apache-2.0
"""Random programs, each given by its seed alone: what they are made by, and the commands that build
them. Commands are run in the program's own directory."""
import collections
import pathlib
import random

import assembly

HERE = pathlib.Path(__file__).resolve().parent
TREE = HERE.parents[1]
KINDS = ("c", "asm")
INCLUDE = "/usr/include/csmith"

Subject = collections.namedtuple("Subject", "configuration commands buffer", defaults=(None,))

SIZES = [
    ["--max-funcs", "3", "--max-block-depth", "3", "--max-expr-complexity", "6"],
    ["--max-funcs", "5", "--max-block-depth", "4"],
    ["--max-funcs", "8", "--max-block-size", "3"],
    ["--max-funcs", "2", "--max-expr-complexity", "20"],
    ["--max-funcs", "12", "--max-block-depth", "2", "--inline-function-prob", "10"],
]
# Of each, one.
SHAPES = [
    ["--bitfields", "--no-bitfields"], ["--packed-struct", "--no-packed-struct"],
    ["--unions", "--no-unions"], ["--volatiles", "--no-volatiles"], ["--float", "--no-float"],
    ["--jumps", "--no-jumps"], ["--inline-function", "--no-inline-function"],
    ["--math64", "--no-math64"],
]
LEVELS = ["-O0", "-O1", "-O2", "-O2", "-O3", "-O3", "-Os"]
MACHINES = ["", "", "-mavx2", "-march=native", "-mno-sse3"]
PLACES = [("-fPIE", "-pie"), ("-fPIE", "-pie"), ("-fno-pie", "-no-pie"), ("-fPIC", "-pie")]
# Each or not.
OPTIONS = {
    "both": ["-fno-omit-frame-pointer", "-fno-plt", "-fcf-protection", "-fno-jump-tables",
             "-fstack-protector-strong", "-fno-strict-aliasing", "-ftrapv", "-funroll-loops",
             "-ffunction-sections", "-mno-red-zone", "-fno-asynchronous-unwind-tables",
             "-fno-inline"],
    "gcc": ["-fipa-ra", "-fno-ipa-ra", "-freorder-blocks-and-partition", "-fno-tree-vectorize",
            "-fshrink-wrap-separate", "-fno-toplevel-reorder", "-fpeel-loops", "-fno-ipa-sra"],
    "clang": ["-fno-vectorize", "-fno-slp-vectorize"],
}
ONLY_FUNCTIONS = "-fno-asynchronous-unwind-tables"


def c_subject(seed, chance):
    """A program of csmith's, with another name for its main."""
    shape = [*chance.choice(SIZES), *(chance.choice(pair) for pair in SHAPES)]
    compiler = chance.choice(["gcc", "gcc", "clang"])
    compile_as, link = chance.choice(PLACES)
    options = [chance.choice(LEVELS), chance.choice(MACHINES), compile_as]
    for option in OPTIONS["both"] + OPTIONS[compiler]:
        if chance.random() < 0.2 and not (compiler == "clang" and option == "-ftrapv"):
            options.append(option)
    options = [option for option in options if option]
    if ONLY_FUNCTIONS in options and chance.random() < 0.7:  # then nothing is moved
        options.remove(ONLY_FUNCTIONS)
    linking = [link, *(["-Wl,-z,now"] if chance.random() < 0.5 else [])]
    commands = [
        ["csmith", "--seed", str(seed), *shape, "-o", "subject.c"],
        [compiler, "-w", *options, "-I", INCLUDE, "-Dmain=subject_main", "-c", "subject.c",
         "-o", "subject.o"],
        ["gcc", *linking, "subject.o", "HOST", "-pthread", "-o", "subject"],
    ]
    return Subject(" ".join([compiler, *options, *linking, *shape]), commands)


def asm_subject(seed, chance, directory):
    configuration, link, buffer = assembly.write(seed, chance, directory / "subject.s")
    compiler = chance.choice(["gcc", "clang"])
    commands = [[compiler, "-c", "subject.s", "-o", "subject.o"],
                ["gcc", link, "subject.o", "HOST", "-pthread", "-o", "subject"]]
    return Subject(f"{compiler} {configuration}", commands, buffer)


def case_subject(path):
    """One that is kept: its second line may say how it is linked."""
    link = "-no-pie" if "-no-pie" in path.read_text(encoding="ascii").splitlines()[1] else "-pie"
    commands = [["gcc", "-c", "subject.s", "-o", "subject.o"],
                ["gcc", link, "subject.o", "HOST", "-pthread", "-o", "subject"]]
    return Subject(f"{path.name} {link}", commands)


def subject(kind, seed, directory):
    """Writes into DIRECTORY what its commands need. HOST among them: see host_command."""
    chance = random.Random(f"{seed}/{kind}")
    if kind == "c":
        return c_subject(seed, chance)
    return asm_subject(seed, chance, directory)


def host_command(kind, path):
    """The rest of a program: its main, and what goes on beside it."""
    return ["gcc", "-std=gnu17", "-O1", "-g", "-Wall", "-Wextra", "-Werror", "-fPIE",
            "-I", str(TREE), "-c", str(HERE / f"host_{kind}.c"), "-o", str(path)]
