#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What was not rewritten is in the report, and why.

    BUILD=DIRECTORY coverage.py
"""
import json
import os
import pathlib
import subprocess
import tempfile
import unittest

BUILD = pathlib.Path(os.environ["BUILD"]).resolve()
SECONDS = 60
ODD = """
/* A jump into the instruction behind it, which is then another one: xor %eax, %eax; ret. */
__asm__(".pushsection .text\\n"
        ".globl odd\\n"
        ".type odd, @function\\n"
        "odd: .cfi_startproc\\n"
        ".byte 0xeb, 0x01, 0xb8, 0x31, 0xc0, 0xc3, 0x90\\n"
        ".cfi_endproc\\n"
        ".size odd, . - odd\\n"
        ".popsection\\n");
int odd(void);
int main(void)
{
    return odd();
}
"""


THREADED = """
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
static int *volatile shared;
#ifdef FAR
__attribute__((section("far")))
#endif
static void *works(void *given) { shared = given; *shared = 1; return given; }
static void make(int signal)
{
    static int there;
    pthread_t thread;
    (void)signal;
    pthread_create(&thread, 0, works, &there);
    pthread_join(thread, 0);
}
int main(void)
{
#ifdef ASYNCHRONOUS
    struct gaicb asked = {.ar_name = "127.0.0.1"}, *list[] = {&asked};
    getaddrinfo_a(GAI_NOWAIT, list, 1, 0);
#endif
#ifdef NO_MORE_CODE
    if (prctl(65, 1, 0, 0, 0)) /* PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN */
        return 77;
#endif
#ifdef HANDLER
    signal(SIGUSR1, make);
    raise(SIGUSR1);
#else
    make(0);
#endif
    return 0;
}
"""

# As much code as its image cannot be made beside: between main and the rest, and of no function.
LARGE = """
__asm__(".pushsection .text\\n .fill 24 << 20, 1, 0xcc\\n .popsection\\n");
""" + THREADED


PLUGIN = """
#include <pthread.h>
static int uses;
static pthread_t thread;
static void *works(void *unused) { uses++; return unused; }
__attribute__((constructor)) static void begins(void)
{
    pthread_create(&thread, 0, works, 0);
    uses++;
}
void ends(void) { pthread_join(thread, 0); }
"""

HOST = """
#include <dlfcn.h>
#include <pthread.h>
static void *waits(void *mutex) { pthread_mutex_lock(mutex); return mutex; }
int main(void)
{
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    pthread_t thread;
    pthread_mutex_lock(&mutex);
    pthread_create(&thread, 0, waits, &mutex);
    for (int i = 0; i < 3; i++) {
        void *plugin = dlopen("./plugin.so", RTLD_NOW);
        ((void (*)(void))dlsym(plugin, "ends"))();
        dlclose(plugin);
    }
    pthread_mutex_unlock(&mutex);
    pthread_join(thread, 0);
    return 0;
}
"""


class Coverage(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="coverage.")
        self.addCleanup(directory.cleanup)
        self.there = pathlib.Path(directory.name)

    def covered(self, source, *options, accesses="rewrite"):
        """The report's line on the program, twice."""
        program = self.there / "program"
        subprocess.run(["gcc", "-O1", "-D_GNU_SOURCE", "-x", "c", "-", *options, "-o", program],
                       input=source, text=True, check=True, timeout=SECONDS)
        environment = dict(os.environ, XDG_CACHE_HOME=str(self.there / "cache"))
        for _ in "made", "mapped":
            subprocess.run([BUILD / "bin/snarl", "run", f"--accesses={accesses}", "--json",
                            self.there / "report.json", "--", program],
                           env=environment, check=True, capture_output=True, timeout=SECONDS)
            report = json.loads((self.there / "report.json").read_text())
            line, = report["recording"]["coverage"]
            yield line

    def test_all_of_it(self):
        for line in self.covered("int main(void) { return 0; }"):
            self.assertEqual((line["module"], line["accesses"], line["reason"]),
                             ("program", "rewrite", None))

    def test_by_itself(self):
        """Nobody said where accesses come from: code is rewritten for the first thread, if it can
        be."""
        for line in self.covered("int main(void) { return 0; }", accesses="auto"):
            self.assertEqual((line["accesses"], line["reason"]), ("none", "one thread alone"))
        for line in self.covered(THREADED, accesses="auto"):
            self.assertEqual((line["accesses"], line["reason"]), ("rewrite", None))
            self.assertEqual(line["covered"], line["sites"])
            self.assertGreater(line["sites"], 0)
        for line in self.covered(THREADED, "-DHANDLER", accesses="auto"):
            self.assertEqual((line["accesses"], line["reason"]),
                             ("none", "the first thread was made in a signal handler"))
        try:
            for line in self.covered(THREADED, "-DNO_MORE_CODE", accesses="auto"):
                self.assertEqual((line["accesses"], line["reason"]),
                                 ("none", "code cannot be rewritten here"))
        except subprocess.CalledProcessError as ended:  # older systems cannot forbid it
            self.assertEqual(ended.returncode, 77)
        for line in self.covered(THREADED, "-DASYNCHRONOUS", accesses="auto"):
            self.assertEqual(
                (line["accesses"], line["reason"]),
                ("none", "a thread was there before the first one that the recorder has seen made"))

    def test_a_library_that_is_opened(self):
        """Also while other threads run: its constructors are seen, each time that it is there."""
        subprocess.run(["gcc", "-O1", "-x", "c", "-", "-shared", "-fPIC", "-o",
                        self.there / "plugin.so"],
                       input=PLUGIN, text=True, check=True, timeout=SECONDS)
        subprocess.run(["gcc", "-O1", "-x", "c", "-", "-o", self.there / "host"],
                       input=HOST, text=True, check=True, timeout=SECONDS)
        for accesses in "auto", "rewrite":
            report = self.there / "report.json"
            subprocess.run([BUILD / "bin/snarl", "run", f"--accesses={accesses}", "--json", report,
                            "--fail-on=none", "--", "./host"],
                           cwd=self.there, check=True, capture_output=True, timeout=SECONDS)
            report = json.loads(report.read_text())
            coverage = {line["module"]: line for line in report["recording"]["coverage"]}
            self.assertEqual(coverage["plugin.so"]["accesses"], "rewrite")
            self.assertEqual(coverage["plugin.so"]["covered"], coverage["plugin.so"]["sites"])
            race, = [f for f in report["findings"] if f["kind"] == "data-race"]
            self.assertEqual({site["stack"][0]["function"] for site in race["sites"]},
                             {"begins", "works"})
            self.assertEqual(race["count"], 3)

    def test_a_function_that_is_refused(self):
        for line in self.covered(ODD):
            self.assertEqual(line["accesses"], "rewrite")
            self.assertRegex(line["reason"], r"^1 of [0-9]+ functions are not rewritten: 1 for a "
                                             r"jump into an instruction$")

    def test_a_program_without_a_table_of_functions(self):
        for line in self.covered(ODD, "-Wl,--no-eh-frame-hdr"):
            self.assertEqual(line["accesses"], "none")
            self.assertEqual(line["reason"], "not rewritten: it has no table of its functions, "
                                             ".eh_frame_hdr")

    def test_a_program_in_several_places(self):
        """What lies between, or nothing, is no code, and is left as it is."""
        for place in "-no-pie", "-pie":
            for line in self.covered(THREADED, "-DFAR", place, "-Wl,--section-start=far=0x900000",
                                     accesses="auto"):
                self.assertEqual((line["accesses"], line["reason"]),
                                 ("none", "not rewritten: its code lies in several places"))

    def test_a_program_that_is_too_large(self):
        """At the very bottom, too, where the highest place for its image is below address 0."""
        for place in "-no-pie", "-pie":
            for line in self.covered(LARGE, place, accesses="auto"):
                self.assertEqual((line["accesses"], line["reason"]),
                                 ("none", "not rewritten: there is no room beside it"))


if __name__ == "__main__":
    unittest.main()
