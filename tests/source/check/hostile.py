#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Compile databases, sources and reports that fit nothing: an answer or an error, and no crash."""
import json
import pathlib
import random
import sys
import tempfile

import checking

GOOD = (checking.HERE / "cases/twice.c").read_text()
DATABASES = {
    "empty file": "", "empty list": "[]", "an object": "{}", "a number": "7", "no JSON": "[{",
    "null entry": "[null]", "no file": '[{"directory": "/", "arguments": ["cc"]}]',
    "no command": '[{"directory": "/", "file": "a.c"}]',
    "empty command": '[{"directory": "/", "file": "a.c", "command": ""}]',
    "no arguments": '[{"directory": "/", "file": "a.c", "arguments": []}]',
    "numbers": '[{"directory": 1, "file": 2, "arguments": [3]}]',
    "file is gone": '[{"directory": "/", "file": "/nowhere/a.c", "arguments": ["cc", "a.c"]}]',
    "directory is gone": '[{"directory": "/nowhere", "file": "a.c", "command": "cc a.c"}]',
    "a directory": '[{"directory": "/", "file": "/tmp", "command": "cc /tmp"}]',
    "quote": '[{"directory": "/", "file": "a.c", "command": "cc \\"a.c"}]',
    "unknown options": '[{"directory": "/", "file": "%s", "command": "cc --what -fno-such %s"}]',
    "no input": '[{"directory": "/", "file": "%s", "command": "cc -c"}]',
    "response file": '[{"directory": "/", "file": "%s", "command": "cc @/nowhere %s"}]',
    "assembler": '[{"directory": "/", "file": "%s", "command": "as -x assembler %s"}]',
    "other language": '[{"directory": "/", "file": "%s", "command": "cc -x c++ %s"}]',
    "not UTF-8": '[{"directory": "/", "file": "/\udcff.c", "command": "cc /\udcff.c"}]',
    "deep": "[" * 5000,
}
SOURCES = {
    "empty": "", "bytes": "".join(map(chr, range(256))), "zero": "int a;\0int b;",
    "missing include": '#include "nowhere.h"\n' + GOOD, "includes itself": '#include __FILE__\n',
    "half a function": GOOD[:900], "cut in a string": 'char *s = "',
    "no declaration of the calls": GOOD.replace("#include <pthread.h>", ""),
    "undeclared": "#include <pthread.h>\nvoid f(void) { pthread_mutex_lock(&nowhere); }",
    "wrong arguments": "#include <pthread.h>\nvoid f(void) { pthread_mutex_lock(); "
                       "pthread_cond_wait(1, 2, 3); pthread_create(0); }",
    "own prototypes": "int pthread_mutex_lock(int); int pthread_cond_wait(void);\n"
                      "void f(void) { pthread_mutex_lock(3); pthread_cond_wait(); "
                      "pthread_mutex_lock(4); }",
    "no prototypes": "int pthread_mutex_unlock(); int f() { return pthread_mutex_unlock(); }",
    "strange locks": "#include <pthread.h>\npthread_mutex_t *g(int), a[3];\nvoid f(int i) {\n"
                     "pthread_mutex_lock(g(i)); pthread_mutex_lock(a + i);\n"
                     "pthread_mutex_lock(i ? a : &a[1]); pthread_mutex_lock((void *)(long)i);\n"
                     "pthread_mutex_lock(&(pthread_mutex_t){0}); pthread_mutex_lock(0);\n"
                     "pthread_mutex_unlock(*(pthread_mutex_t **)&a[i]); }",
    "many branches": "#include <pthread.h>\npthread_mutex_t m; void f(int *a) {\n" + "".join(
        f"if (a[{i}]) pthread_mutex_lock(&m); if (a[{i + 1}]) pthread_mutex_unlock(&m);\n"
        for i in range(60)) + "}",
    "many locks": "#include <pthread.h>\n" + "".join(
        f"pthread_mutex_t m{i};\n" for i in range(40)) + "void f(int *a) {\n" + "".join(
        f"if (a[{i}]) pthread_mutex_lock(&m{i});\n" for i in range(40)) + "}",
    "deep expression": "int f(int a) { return " + "(" * 200 + "a" + ")" * 200 + "; }",
    "recursion": "#include <pthread.h>\npthread_mutex_t m; void g(int); void f(int a) { "
                 "pthread_mutex_lock(&m); g(a); }\nvoid g(int a) { f(a); "
                 "pthread_mutex_unlock(&m); }",
    "endless": "#include <pthread.h>\npthread_mutex_t m; void f(void) { for (;;) "
               "pthread_mutex_lock(&m); }",
    "jumps": "#include <pthread.h>\npthread_mutex_t m; void f(int a) { static void *to[] = {&&x, "
             "&&y}; goto *to[a]; x: pthread_mutex_lock(&m); y: pthread_mutex_unlock(&m); }",
    "line markers": '# 1 "nowhere.c"\n#include <pthread.h>\n#line 4000000000 "else.c"\n'
                    "pthread_mutex_t m;\nvoid f(int a) { pthread_mutex_lock(&m); if (a) return; "
                    "pthread_mutex_unlock(&m); }",
}
REPORTS = {
    "empty": "", "a list": "[]", "no findings": '{"schema": "snarl-report/1"}',
    "other schema": '{"schema": "snarl-report/2", "findings": []}',
    "null findings": '{"schema": "snarl-report/1", "findings": null}',
    "findings of null": '{"schema": "snarl-report/1", "findings": [null, 1, "a", []]}',
    "wrong types": '{"schema": "snarl-report/1", "findings": [{"id": 1, "kind": [], "sites": 3}, '
                   '{"kind": "self-deadlock", "sites": [1, {"stack": 2}, {"stack": [3, {"file": 4, '
                   '"line": "5"}]}], "explanation": 6}]}',
    "lines beyond": '{"schema": "snarl-report/1", "findings": [{"id": "1:0", "kind": "deadlock", '
                    '"sites": [{"role": "holds", "stack": [{"file": "twice.c", "line": '
                    '99999999999}]}]}]}',
}


def text(path, content):
    path.write_text(content, encoding="utf-8", errors="surrogateescape")
    return path


def mutated(generator, source):
    """The source with some lines lost, doubled or changed for others."""
    lines = source.splitlines()
    for _ in range(generator.randrange(1, 6)):
        i, j = generator.randrange(len(lines)), generator.randrange(len(lines))
        what = generator.randrange(4)
        if what == 0:
            del lines[i]
        elif what == 1:
            lines.insert(i, lines[j])
        elif what == 2:
            lines[i], lines[j] = lines[j], lines[i]
        else:
            lines[i] = lines[i][:generator.randrange(len(lines[i]) + 1)]
    return "\n".join(lines)


def tries(at):
    good = text(at / "twice.c", GOOD)
    for name, database in DATABASES.items():
        text(at / "compile_commands.json", database.replace("%s", str(good)))
        yield f"database: {name}", ["-p", at]
    yield "database: nowhere", ["-p", at / "nowhere"]
    yield "file: nowhere", [at / "nowhere.c", "--"]
    for name, source in SOURCES.items():
        for suffix in (".c", ".cc"):
            path = text(at / f"source{suffix}", source)
            yield f"source: {name}{suffix}", [path, "--", checking.STANDARD[suffix]]
    for name, report in REPORTS.items():
        yield f"report: {name}", ["--with", text(at / "report.json", report), good, "--"]
    yield "report: nowhere", ["--with", at / "no.json", good, "--"]
    yield "output: full", [good, "-o", "/dev/full", "--"]
    generator = random.Random(8)
    for i in range(30):
        case = generator.choice(sorted((checking.HERE / "cases").glob("*.c")))
        path = text(at / "mutated.c", mutated(generator, case.read_text()))
        yield f"mutated: {case.name} {i}", [path, "--", "-std=gnu17"]


def main():
    count = faults = 0
    with tempfile.TemporaryDirectory() as directory:
        for name, arguments in tries(pathlib.Path(directory)):
            count += 1
            try:
                done = checking.run(arguments, cwd=directory)
                if done.returncode == 0:
                    errors = list(checking.validator().iter_errors(json.loads(done.stdout)))
                    assert not errors or name.startswith("report:"), errors[0].message
                else:
                    assert "snarl-source: " in done.stderr, "no word about what is wrong"
            except (AssertionError, ValueError) as fault:
                faults += 1
                print(f"{name}: {fault}")
    print(f"{count} tries, {faults} faults")
    return 1 if faults or count < 80 else 0


if __name__ == "__main__":
    sys.exit(main())
