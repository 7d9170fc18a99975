# SPDX-License-Identifier: Apache-2.0
"""OpenMP by gcc (libgomp) and by clang (libomp): loops, tasks, locks; four threads."""

SUBJECTS = ("openmp_loops", "openmp_tasks", "openmp_locks")
NEEDS = {"gcc": ["/usr/bin/gcc"], "clang": ["/usr/bin/clang", "/usr/lib/llvm-14/lib/libomp.so"]}


def built(stage, compiler, subject):
    return stage.compile(compiler, f"{subject}.c", "-fopenmp")


def perform(stage, compiler, subject):
    program = built(stage, compiler, subject)
    seen = {}
    for waiting in "active", "passive":
        stage.environment.update(OMP_NUM_THREADS="4", OMP_WAIT_POLICY=waiting,
                                 OMP_MAX_ACTIVE_LEVELS="2", OMP_CANCELLATION="true")
        seen[waiting] = stage.call(program)
    return seen


PROGRAMS = [
    {"name": f"{subject.replace('_', '-')}-{compiler}", "patience": 90, "quick": True,
     "perform": lambda stage, c=compiler, s=subject: perform(stage, c, s),
     "prepare": lambda stage, c=compiler, s=subject: built(stage, c, s),
     "needs": NEEDS[compiler]}
    for compiler in NEEDS for subject in SUBJECTS
]
