# SPDX-License-Identifier: Apache-2.0
"""The programs: each script of scripts/, and from tests/soak what is used from outside there, and
CPython's own tests of what an interpreter does all day."""
import difflib
import hashlib
import importlib
import os
import pathlib
import re
import shutil
import stat
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "soak"))
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
FROM_SOAK = ("redis", "memcached", "nginx", "git", "sqlite-threads", "sqlite-shell", "cxx20-g++")
PYTHON_TESTS = (
    "test_array", "test_asyncio.test_tasks", "test_bytes", "test_bz2", "test_call", "test_ctypes",
    "test_decimal", "test_descr", "test_dict", "test_exceptions", "test_float", "test_generators",
    "test_hashlib", "test_json", "test_long", "test_lzma", "test_queue", "test_re", "test_set",
    "test_sort", "test_struct", "test_thread", "test_threading", "test_unicode",
    "test_zlib")


def head(script):
    """The lines `# KEY: VALUE` or `# KEY` at its beginning."""
    said = {}
    for line in script.read_text().splitlines():
        if not line.startswith("#"):
            return said
        key, _, value = line[2:].partition(":")
        said[key] = value.strip()
    return said


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def what_is_left(directory):
    left = {}
    for path in sorted(directory.rglob("*")):
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode):
            left[f"link {path.relative_to(directory)}"] = os.readlink(path)
        elif stat.S_ISREG(mode):
            left[f"file {path.relative_to(directory)}"] = digest(path)
    return left


def play_script(stage, script):
    """It is run by a shell that is not watched."""
    binaries = stage.directory.parent / "bin"
    binaries.mkdir()
    watched = binaries / "watched"
    changes = " ".join(f"{name}='{stage.environment[name]}'"
                       for name in ("LD_PRELOAD", "SNARL_OPTIONS") if name in stage.environment)
    watched.write_text(f'#!/bin/sh\nexec env {changes} "$@"\n')
    watched.chmod(0o755)
    stage.plain.update(PATH=f"{binaries}:{PATH}", SUBJECTS=str(HERE / "subjects"))
    ended = stage.call("/bin/bash", HERE / "prelude.sh", script, watched=False)
    # A shell tells which process a signal has ended.
    errors = re.sub(r"(line \d+:) +\d+ ", r"\1 PID ", ended.errors)
    return {"status": ended.status, "output": ended.output, "errors": errors,
            **what_is_left(stage.directory)}


def differences(alone, recorded):
    for key in sorted(alone.keys() | recorded.keys(), key=str):
        one, other = str(alone.get(key)), str(recorded.get(key))
        if one != other:
            lines = difflib.unified_diff(one.splitlines(), other.splitlines(), "native", "recorded",
                                         lineterm="", n=1)
            yield f"{key}:\n" + "\n".join(line[:300] for line in list(lines)[:40])


def of_scripts():
    for script in sorted((HERE / "scripts").glob("*.sh")):
        said = head(script)
        yield {"name": script.stem, "patience": int(said.get("patience", 120)),
               "perform": lambda stage, script=script: play_script(stage, script),
               "rewrite": said.get("rewrite", "*"), "quick": "quick" in said,
               "needs": [shutil.which(name, path=PATH) or name for name in said["needs"].split()]}


def from_soak():
    """Servers under load: rewritten they need longer than tests/soak waits for them."""
    for path in sorted((HERE.parent / "soak/programs").glob("*.py")):
        for program in importlib.import_module(f"programs.{path.stem}").PROGRAMS:
            if program["name"] in FROM_SOAK:
                yield dict(program, quick=False, patience=5 * program["patience"])


def of_python():
    cpython = importlib.import_module("programs.cpython")
    for test in PYTHON_TESTS:
        yield {"name": f"python-{test}", "differences": cpython.differences, "patience": 400,
               "perform": lambda stage, test=test: cpython.perform(stage, test),
               "needs": cpython.NEEDS, "quick": False}


def all_programs():
    return [{"rewrite": "*", "differences": differences, **program}
            for program in (*of_scripts(), *from_soak(), *of_python())]
