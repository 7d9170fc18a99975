# SPDX-License-Identifier: Apache-2.0
"""One running of a program: its directory, its environment, its processes and their end.

A stage takes in whatever its processes leave behind (it is their subreaper), so that it can tell
what did not end, look at where that stands, and end it.
"""
import collections
import ctypes
import os
import pathlib
import shutil
import signal
import subprocess
import time

LIBRARIES = "/usr/lib/x86_64-linux-gnu"
ALLOCATORS = {
    "none": None,
    "jemalloc": f"{LIBRARIES}/libjemalloc.so.2",
    "mimalloc": f"{LIBRARIES}/libmimalloc.so.2",
    "tcmalloc": f"{LIBRARIES}/libtcmalloc.so.4",
}
SUBJECTS = pathlib.Path(__file__).resolve().parent / "subjects"
WAYS = ("preload", "run", "record")
PR_SET_CHILD_SUBREAPER = 36

Ended = collections.namedtuple("Ended", "status output errors")


class Hang(Exception):
    """A process did not end in time; the text says where its threads stood."""


class Broken(Exception):
    """The program cannot be used as it should be: a server that does not answer, say."""


def children_of(pid):
    children = []
    for listed in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children += [int(child) for child in listed.read_text().split()]
        except OSError:
            pass
    return children


def descendants():
    found, left = [], children_of(os.getpid())
    while left:
        found.append(left.pop())
        left += children_of(found[-1])
    return found


def read(path):
    try:
        return pathlib.Path(path).read_text(errors="replace")
    except OSError:
        return ""


def is_dead(pid):
    return read(f"/proc/{pid}/stat").rpartition(")")[2].split()[:1] in ([], ["Z"], ["X"])


def stacks_of(pid):
    """Where the threads of a process stand, for somebody who finds out why it hung."""
    lines = [f"process {pid}: {read(f'/proc/{pid}/cmdline').replace(chr(0), ' ')}"]
    for task in sorted(pathlib.Path(f"/proc/{pid}/task").glob("*")):
        kernel = " < ".join(line.split()[-1] for line in read(task / "stack").splitlines())
        lines.append(f"  {task.name} {read(task / 'comm').strip()}: {kernel}")
    try:
        lines.append(subprocess.run(
            ["gdb", "-p", str(pid), "-batch", "-ex", "thread apply all bt 30"], timeout=60,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            check=False).stdout.decode(errors="replace"))
    except (OSError, subprocess.TimeoutExpired) as trouble:
        lines.append(f"  no stacks of gdb: {trouble}")
    return "\n".join(lines)


class Stage:
    """WAY is how the program is recorded: alone (None), or one of WAYS; by preload with OPTIONS."""

    def __init__(self, build, directory, way, allocator, patience, options="--accesses=none"):
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        self.build = build
        self.way = way
        self.directory = pathlib.Path(directory) / "work"
        self.traces = pathlib.Path(directory) / "traces"
        self.deadline = time.monotonic() + patience
        self.outputs = 0
        for made in self.directory, self.traces:
            made.mkdir()
        self.plain = {name: value for name, value in os.environ.items()
                      if not name.startswith(("SNARL", "LD_"))}
        self.plain.update(LC_ALL="C.UTF-8", HOME=str(self.directory))
        self.environment = dict(self.plain)
        preloaded = [ALLOCATORS[allocator]] if ALLOCATORS[allocator] else []
        if way == "preload":
            preloaded.insert(0, str(build / "lib/snarl/libsnarl.so"))
            self.environment["SNARL_OPTIONS"] = f"-o {self.traces}/%e.%p {options}"
        if preloaded:
            self.environment["LD_PRELOAD"] = ":".join(preloaded)

    def prefix(self):
        if self.way not in ("run", "record"):
            return []
        options = ["--accesses=none", "-o", f"{self.traces}/%e.%p", f"--log-file={self.traces}/log"]
        if self.way == "run":
            options += ["--fail-on=none", f"--json={self.traces}/report.json"]
        return [self.build / "bin/snarl", self.way, *options, "--"]

    def compile(self, compiler, source, *options):
        """A program of subjects/, optimized little, as somebody would who debugs it. It is kept."""
        source = SUBJECTS / source
        program = self.build / "tests/soak" / f"{source.stem}-{compiler}"
        if program.exists() and program.stat().st_mtime > source.stat().st_mtime:
            return program
        program.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.directory.parent / program.name
        self.client(compiler, "-O1", "-g", "-Wall", "-Wextra", "-Werror", "-pthread", "-o", fresh,
                    source, *options)
        shutil.move(fresh, f"{program}.{os.getpid()}")
        os.replace(f"{program}.{os.getpid()}", program)
        return program

    def start(self, *command, watched=True, given=""):
        """A process whose output goes to files; COMMAND may have a directory and input."""
        self.outputs += 1
        place = self.directory.parent / f"output.{self.outputs}"
        pathlib.Path(f"{place}.in").write_text(given, encoding="utf-8")
        if watched:
            command = [*self.prefix(), *command]
        with open(f"{place}.in", encoding="utf-8") as stdin, \
                open(f"{place}.out", "w", encoding="utf-8") as out, \
                open(f"{place}.err", "w", encoding="utf-8") as err:
            process = subprocess.Popen(
                [str(word) for word in command], cwd=self.directory, stdin=stdin, stdout=out,
                stderr=err, env=self.environment if watched else self.plain,
                start_new_session=True)
        process.place = place
        return process

    def end(self, process):
        """Waits for a process that was started; what it said and how it ended."""
        try:
            process.wait(max(0.1, self.deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            raise Hang(self.stacks()) from None
        return Ended(process.returncode, read(f"{process.place}.out"), read(f"{process.place}.err"))

    def call(self, *command, **options):
        return self.end(self.start(*command, **options))

    def client(self, *command, **options):
        """What is not watched, and must succeed; its output."""
        ended = self.call(*command, watched=False, **options)
        if ended.status:
            raise Broken(f"{command[0]}: status {ended.status}: {ended.output}{ended.errors}")
        return ended.output

    def wait_until(self, true, what):
        while not true():
            if time.monotonic() > self.deadline:
                raise Hang(f"waited for {what}\n{self.stacks()}")
            time.sleep(0.02)

    def wait_for_server(self, server, answers):
        """Until it answers, or has ended instead."""
        self.wait_until(lambda: is_dead(server.pid) or answers(), "the server's first answer")
        if is_dead(server.pid):
            ended = self.end(server)
            raise Broken(f"the server ended: {ended.status}: {ended.output}{ended.errors}")

    def stacks(self):
        return "\n".join(stacks_of(pid) for pid in descendants() if not is_dead(pid))

    def close(self):
        """Ends what is left, and says what that was."""
        patience = time.monotonic() + 5
        while time.monotonic() < patience and any(not is_dead(pid) for pid in descendants()):
            time.sleep(0.02)
        left = [read(f"/proc/{pid}/comm").strip() for pid in descendants() if not is_dead(pid)]
        while any(not is_dead(pid) for pid in descendants()):
            for pid in descendants():
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            time.sleep(0.02)
        for pid in descendants():
            try:
                os.waitpid(pid, os.WNOHANG)
            except ChildProcessError:
                pass
        return left
