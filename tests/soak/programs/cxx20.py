# SPDX-License-Identifier: Apache-2.0
"""A C++20 program with semaphores, latches, barriers, jthread, stop tokens; by both compilers."""


def built(stage, compiler):
    return stage.compile(compiler, "cxx20.cc", "-std=c++20")


def perform(stage, compiler):
    return stage.call(built(stage, compiler))._asdict()


PROGRAMS = [
    {"name": f"cxx20-{compiler}", "perform": lambda stage, c=compiler: perform(stage, c),
     "prepare": lambda stage, c=compiler: built(stage, c), "patience": 60, "quick": True,
     "needs": [f"/usr/bin/{compiler}"]}
    for compiler in ("g++", "clang++")
]
