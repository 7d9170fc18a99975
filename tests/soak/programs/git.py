# SPDX-License-Identifier: Apache-2.0
"""git where it uses threads and children: repack, index-pack, grep, the index of many files,
checkout workers, a clone."""

FILES = 1500
COMMITS = 60
ALWAYS = ["-c", "user.name=soak", "-c", "user.email=soak@localhost", "-c", "pack.threads=4",
          "-c", "index.threads=4", "-c", "core.preloadIndex=true", "-c", "checkout.workers=3",
          "-c", "checkout.thresholdForParallelism=10", "-c", "gc.auto=0", "-c",
          "gc.autoDetach=false", "-c", "init.defaultBranch=main", "-c", "advice.detachedHead=false"]


def history():
    """A stream for fast-import: many files, then commits that change some of them."""
    parts = []
    for commit in range(COMMITS):
        parts.append("commit refs/heads/main\ncommitter soak <soak@localhost> "
                     f"{1700000000 + commit} +0000\ndata <<END\ncommit {commit}\nEND\n")
        for file in range(0 if commit == 0 else commit % 7, FILES, 1 if commit == 0 else 37):
            lines = "".join(f"line {line} of {file}: {(file * 7919 + line * commit) % 10007}\n"
                            for line in range(20))
            parts.append(f"M 100644 inline d{file % 40}/f{file}\ndata {len(lines)}\n{lines}\n")
    return "".join(parts)


def perform(stage):
    seen = {}

    def git(name, *words, **options):
        ended = stage.call("git", *ALWAYS, *words, **options)
        seen[name] = (ended.status, ended.output, ended.errors)

    git("init", "init", "-q", "origin")
    git("import", "-C", "origin", "fast-import", "--quiet", "--date-format=raw", given=history())
    git("checkout", "-C", "origin", "checkout", "-q", "main")
    (stage.directory / "origin/d3/f3").write_text("garlic\n")
    git("status", "-C", "origin", "status", "--porcelain")
    git("commit", "-C", "origin", "commit", "-q", "-a", "-m", "garlic", "--date=1700009999 +0000")
    git("grep", "-C", "origin", "grep", "--threads=4", "-n", "line 1[0-9] of 7.*: 9")
    git("grep history", "-C", "origin", "grep", "--threads=4", "-c", "garlic", "main", "main~3")
    git("repack", "-C", "origin", "repack", "-adfq", "--threads=4")
    git("gc", "-C", "origin", "gc", "--aggressive", "--prune=now", "-q")
    git("fsck", "-C", "origin", "fsck", "--full", "--no-progress")
    git("clone", "clone", "-q", "--no-local", "origin", "clone")
    git("verify", "-C", "clone", "log", "--format=%T %s", "--shortstat", "-20")
    git("objects", "-C", "clone", "cat-file", "--batch-check=%(objectname) %(objecttype)",
        "--batch-all-objects", "--unordered")
    seen["objects"] = (seen["objects"][0], len(seen["objects"][1].split("\n")), seen["objects"][2])
    git("clean", "-C", "clone", "status", "--porcelain")
    git("missing", "-C", "clone", "grep", "--threads=4", "no such line anywhere")
    return seen


# Its workers take turns at one lock as the scheduler has it, and one may wait through many.
TRUE = ["starvation observed: waits start_thread < clone3; takes start_thread < clone3"]

PROGRAMS = [{"name": "git", "perform": perform, "patience": 120, "quick": True, "findings": TRUE,
             "needs": ["/usr/bin/git"]}]
