#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Edits come out the same in place, by patch, by git apply and by clang-apply-replacements, as a
few lines of Python make them; and what overlaps is refused.

    edits_test.py EDITS_TOOL
"""
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import unittest

TOOL = pathlib.Path(sys.argv.pop(1)).resolve() if len(sys.argv) > 1 else None
ROUNDS = 60
APPLY = shutil.which("clang-apply-replacements-19") or shutil.which("clang-apply-replacements")
PATCH = ["patch", "-p1", "-s", "--binary"]
GIT_APPLY = ["git", "apply", "--whitespace=nowarn"]
NAMES = ["a.c", "deep/b.c", "with space.c", 'odd"name.c', "t\tab/ü.c"]
WORDS = ["x", "lock(a);", "  y", "\n", "\n", "é", "}", "\\", "'", '"', ": #", "\t", "", "-- z"]


def some_text(rng, words):
    return "".join(rng.choice(WORDS) for _ in range(rng.randrange(words)))


def some_file(rng):
    text = some_text(rng, rng.choice([1, 3, 60, 400])).encode()
    return text.replace(b"\n", b"\r\n") if rng.random() < 0.2 else text


def edited(content, edits):
    """What a file becomes; insertions of one place in their order."""
    crlf = b"\r\n" in content
    for edit in sorted(edits, key=lambda e: (e["offset"], e["length"]))[::-1]:
        text = edit["text"].encode()
        text = text.replace(b"\n", b"\r\n") if crlf else text
        content = content[: edit["offset"]] + text + content[edit["offset"] + edit["length"] :]
    return content


def disjoint_edits(rng, file, content):
    """Each a group of its own."""
    at = 0
    while True:
        at += rng.randrange(1, rng.choice([4, 40, 400]))
        length = rng.choice([0, 0, 1, 3, 30])
        if at + length > len(content):
            return
        yield {"file": str(file), "offset": at, "length": length, "text": some_text(rng, 6)}
        at += length


class Edits(unittest.TestCase):
    def setUp(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="snarl-edits."))
        self.addCleanup(shutil.rmtree, self.directory)

    def tool(self, what, groups, *arguments, status=0, cwd=None):
        document = self.directory / "edits.json"
        document.write_text(json.dumps(groups))
        done = subprocess.run([TOOL, what, document, *arguments], capture_output=True, check=False,
                              cwd=cwd)
        self.assertEqual(done.returncode, status, done.stderr)
        return done.stdout, done.stderr.decode().splitlines()

    def write(self, root, files):
        for name, content in files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes(content)

    def check_all_ways(self, files, edits):
        """In each way from the same files to the same."""
        expected = {n: edited(c, [e for e in edits if e["file"] == n]) for n, c in files.items()}
        ways = {
            "place": lambda root, groups: self.tool("apply", groups),
            "patch": lambda root, groups: self.by_diff(root, groups, PATCH),
            "git": lambda root, groups: self.by_diff(root, groups, GIT_APPLY),
            "clang": self.by_clang,
        }
        for way, make in ways.items():
            with self.subTest(way=way):
                root = pathlib.Path(tempfile.mkdtemp(dir=self.directory))
                self.write(root, files)
                groups = [[dict(e, file=str(root / e["file"]))] for e in edits]
                make(root, groups)
                for name, content in expected.items():
                    self.assertEqual((root / name).read_bytes(), content, f"{way}: {name}")
                names = {str(p.relative_to(root)) for p in root.rglob("*") if p.is_file()}
                self.assertEqual(names, set(files))

    def by_diff(self, root, groups, command):
        diff, refused = self.tool("diff", groups, root)
        self.assertEqual(refused, [])
        if diff:
            done = subprocess.run(command, input=diff, cwd=root, capture_output=True, check=False,
                                  env=dict(os.environ, GIT_CEILING_DIRECTORIES=str(root.parent)))
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr + diff)

    def by_clang(self, root, groups):
        self.assertTrue(APPLY, "no clang-apply-replacements here")
        yaml, _ = self.tool("yaml", groups)
        directory = pathlib.Path(tempfile.mkdtemp(dir=self.directory))
        (directory / "edits.yaml").write_bytes(yaml)
        done = subprocess.run([APPLY, directory], capture_output=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stderr, b"")

    def test_random_edits_all_ways(self):
        for seed in range(ROUNDS):
            rng = random.Random(seed)
            files = {name: some_file(rng) for name in rng.sample(NAMES, rng.randrange(1, 4))}
            edits = [e for name, text in files.items() for e in disjoint_edits(rng, name, text)]
            edits = [e for e in edits if self.is_whole(files[e["file"]], e)]
            with self.subTest(seed=seed):
                self.check_all_ways(files, edits)

    @staticmethod
    def is_whole(content, edit):
        """Whether it cuts no character in two and no CR from its LF."""
        ends = (edit["offset"], edit["offset"] + edit["length"])
        whole = all(i == len(content) or content[i] & 0xC0 != 0x80 for i in ends)
        return whole and all(content[i - 1 : i + 1] != b"\r\n" for i in ends)

    def groups_on(self, content, *groups):
        file = self.directory / "a.c"
        file.write_bytes(content)
        keys = ("offset", "length", "text")
        return [[dict(zip(keys, e), file=str(file)) for e in group] for group in groups]

    def test_insertions_of_a_group_keep_their_order(self):
        groups = self.groups_on(b"ab", [(1, 0, "1"), (1, 0, "2")])
        self.assertEqual(self.tool("edited", groups), (b"a12b", []))

    def test_conflicts_are_refused_whole(self):
        for other in [(1, 2, "x"), (0, 2, "x"), (2, 0, "x"), (1, 3, "x")]:
            with self.subTest(other=other):
                groups = self.groups_on(b"abcdef", [(1, 2, "y")], [(5, 1, "z"), other])
                out, refused = self.tool("edited", groups)
                self.assertEqual(out, b"aydef")
                self.assertEqual(len(refused), 1)
                self.assertIn("is edited already: why", refused[0])

    def test_the_same_edit_is_shared(self):
        groups = self.groups_on(b"abcdef", [(0, 0, "#"), (1, 1, "y")], [(0, 0, "#"), (3, 1, "z")])
        self.assertEqual(self.tool("edited", groups), (b"#ayczef", []))

    def test_edges_may_touch(self):
        touching = [(1, 2, "x")], [(3, 1, "y")], [(1, 0, "<")], [(4, 0, ">")]
        groups = self.groups_on(b"abcdef", *touching)
        self.assertEqual(self.tool("edited", groups), (b"a<xy>ef", []))

    def test_beyond_the_end_is_refused(self):
        for bad in [(7, 0, "x"), (5, 2, "x"), (2**62, 2**62, "x"), (-1, 0, "x"), (0, -1, "x")]:
            out, refused = self.tool("edited", self.groups_on(b"abcdef", [bad]))
            self.assertEqual((out, len(refused)), (b"", 1), bad)
        groups = self.groups_on(b"abc", [(0, 0, "x")])
        groups[0][0]["file"] = str(self.directory / "none.c")
        self.assertIn("cannot be read", self.tool("edited", groups)[1][0])

    def test_in_place_keeps_mode_and_link(self):
        real = self.directory / "real.c"
        groups = self.groups_on(b"abc", [(0, 1, "x")])
        (self.directory / "a.c").rename(real)
        real.chmod(0o640)
        (self.directory / "a.c").symlink_to("real.c")
        self.tool("apply", groups)
        self.assertTrue((self.directory / "a.c").is_symlink())
        self.assertEqual((real.read_bytes(), real.stat().st_mode & 0o777), (b"xbc", 0o640))

    def test_a_diff_without_a_root_is_of_the_innermost_directory(self):
        (self.directory / "in").mkdir()
        groups = self.groups_on(b"abc", [(0, 1, "x")])
        out, _ = self.tool("diff", groups, cwd=self.directory / "in")
        self.assertIn(b"--- a/a.c\n+++ b/a.c\n", out)


if __name__ == "__main__":
    unittest.main()
