#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a shell at a terminal makes of the Tab key behind `snarl ...`.

    completion_test.py bash|zsh

The shell runs at a pseudo-terminal. One key completes, another one puts all possible completions
into the line, and a third one writes the line to a file, where it is read.
"""
import os
import pathlib
import pty
import re
import select
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

SHELL = sys.argv[1] if len(sys.argv) > 1 else "bash"
SNARL = os.environ["SNARL"]
BASH_COMPLETION = "/usr/share/bash-completion/bash_completion"
SETUP = {
    "bash": r"""
set +o history; PS1=; bind 'set bell-style none'; bind 'set completion-query-items -1'
bind 'set show-all-if-ambiguous on'; bind 'set page-completions off'
source {bash_completion}
source {completion}/snarl.bash
bind '"\C-xa": insert-completions'
write_line() {{ printf %s "$READLINE_LINE" >line.new; mv line.new line; READLINE_LINE=; }}
bind -x '"\C-xw": write_line'
""",
    "zsh": r"""
unsetopt beep; PS1=; RPS1=; LISTMAX=10000
fpath=({completion} $fpath)
autoload -U compinit; compinit -u -d dump
zle -C all-matches complete-word _generic
zstyle ':completion:all-matches:*' insert yes
zstyle ':completion:all-matches::::' completer _all_matches _complete
bindkey '^Xa' all-matches
write_line() {{ print -rn -- $BUFFER >line.new; mv line.new line; BUFFER= }}
zle -N write_line; bindkey '^Xw' write_line
""",
}
COMMANDS = {
    "bash": ["bash", "--norc", "--noprofile", "-i"],
    "zsh": ["zsh", "-f", "-i"],
}


class Terminal:
    """A shell, and the directory in which it works."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        (self.directory / "bin").mkdir()
        (self.directory / "bin/snarl").symlink_to(SNARL)
        environment = dict(os.environ, TERM="dumb", LC_ALL="C.UTF-8", HOME=directory,
                           INPUTRC="/dev/null", SNARL_CONFIG="",
                           PATH=f"{directory}/bin:{os.environ['PATH']}")
        for name in ("SNARL_OPTIONS", "LD_PRELOAD", "BASH_ENV", "ZDOTDIR"):
            environment.pop(name, None)
        self.master, slave = pty.openpty()
        self.process = subprocess.Popen(COMMANDS[SHELL], cwd=directory, env=environment,
                                        stdin=slave, stdout=slave, stderr=slave,
                                        start_new_session=True)
        os.close(slave)
        setup = SETUP[SHELL].format(bash_completion=BASH_COMPLETION,
                                    completion=os.environ["COMPLETION"])
        (self.directory / "setup").write_text(setup)
        self.send("source ./setup; touch ready\n")
        self.wait_for("ready")

    def send(self, text):
        os.write(self.master, text.encode())

    def wait_for(self, name):
        """Reads what the shell prints, or it would stop, until it has made that file."""
        printed = b""
        end = time.monotonic() + 30
        while not (self.directory / name).exists():
            if time.monotonic() > end:
                raise AssertionError(f"no answer; the shell printed {printed[-2000:]!r}")
            if select.select([self.master], [], [], 0.02)[0]:
                printed += os.read(self.master, 65536)

    def line(self, keys):
        """The line after KEYS."""
        self.send(keys + "\x18w")
        self.wait_for("line")
        path = self.directory / "line"
        text = path.read_text()
        path.unlink()
        return text

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.master)


class Completion(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory(prefix="completion.")
        cls.terminal = Terminal(cls.temporary.name)
        for name in ("findings.json", "sources/main.c", "trace.1"):
            path = cls.terminal.directory / "here" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        cls.terminal.send("cd here; touch ../there\n")
        cls.terminal.wait_for("there")
        # From now on the line is written here.
        cls.terminal.directory /= "here"

    @classmethod
    def tearDownClass(cls):
        cls.terminal.close()
        cls.temporary.cleanup()

    def tab(self, text):
        return self.terminal.line(text + "\t")

    def all(self, text):
        """All completions of the last word of TEXT."""
        before = text.rpartition(" ")[0]
        line = self.terminal.line(text + "\x18a")
        self.assertTrue(line.startswith(before), line)
        return line[len(before):].split()

    def options(self, command):
        shown = subprocess.run([SNARL, *command.split(), "--help"], stdout=subprocess.PIPE,
                               text=True, check=True).stdout
        return re.findall(r"^ +(?:-., )?(--[a-z-]+)(=?)", shown, re.M)

    def listed(self, *command):
        """The commands of snarl, or the actions of one."""
        shown = subprocess.run([SNARL, *command, "--help"], stdout=subprocess.PIPE, text=True,
                               check=True).stdout
        found = re.findall(r"^  ([a-z]+)  ", shown, re.M)
        self.assertGreaterEqual(len(found), 5)
        return found

    def test_commands(self):
        self.assertEqual(self.tab("snarl an"), "snarl analyze ")
        self.assertLessEqual(set(self.listed()), set(self.all("snarl ")))
        self.assertEqual(self.tab("snarl help dif"), "snarl help diff ")

    def test_actions(self):
        self.assertEqual(self.tab("snarl history ba"), "snarl history baseline ")
        self.assertLessEqual(set(self.listed("history")), set(self.all("snarl history ")))
        found = [word for item in self.all("snarl history list --state=")
                 for word in item.removeprefix("--state=").split(",") if word]
        self.assertEqual(sorted(found), ["flaky", "gone", "missing", "steady"])
        for typed, completed in (("--state=gone,fl", "--state=gone,flaky"),
                                 ("--kind=data-race,deadl", "--kind=data-race,deadlock")):
            self.assertEqual(self.tab(f"snarl history list {typed}").rstrip(", "),
                             f"snarl history list {completed}")
        for text in ("snarl history add find", "snarl history add --label x find",
                     "snarl history runs --db=find", "snarl history list --db find"):
            self.assertEqual(self.tab(text).rstrip(), text + "ings.json")
        for hostile in ("'x;touch pwned'", "'$(touch pwned)'", "'*'", "--d[b"):
            self.tab(f"snarl history {hostile} --db=find")
            self.tab(f"snarl history list {hostile} --db=find")
        self.assertFalse((self.terminal.directory / "pwned").exists())

    def test_long_options(self):
        actions = [f"history {action}" for action in self.listed("history")]
        for command in self.listed() + actions:
            if command in ("help", "history"):
                continue
            wanted = [name + equals for name, equals in self.options(command)]
            found = self.all(f"snarl {command} --")
            # zsh leaves the equals sign to be typed where there are several.
            self.assertEqual(sorted(o.rstrip("=") for o in found),
                             sorted(o.rstrip("=") for o in wanted))
        self.assertEqual(self.tab("snarl run --time"), "snarl run --timeout=")
        self.assertEqual(self.tab("snarl run --gen"), "snarl run --gen-suppressions ")

    def test_formats(self):
        self.assertEqual(self.tab("snarl run --format=sa").rstrip(), "snarl run --format=sarif")
        found = [o.removeprefix("--format=") for o in self.all("snarl report --format=")]
        self.assertEqual({"text", "json", "sarif", "junit", "github", "gitlab"},
                         set(found) - {"html"})  # which not every build has
        for name in found:
            done = subprocess.run([SNARL, "run", f"--format={name}", "--help"],
                                  stdout=subprocess.DEVNULL, check=False)
            self.assertEqual(done.returncode, 0, name)
        self.assertEqual(self.tab("snarl run --format=json:find").rstrip(),
                         "snarl run --format=json:findings.json")

    def test_words(self):
        for command, option, words in (
                ("run", "accesses", "auto tsan rewrite none"),
                ("run", "color", "auto always never"),
                ("analyze", "relation", "hb fasttrack shb wcp syncp osr lockset"),
                ("analyze", "deadlocks", "patterns spd"), ("dump", "to", "text std xstd"),
                ("dump", "input", "auto snarl std xstd"), ("run", "follow", "all main"),
                ("run", "hang", "off")):
            found = [o.removeprefix(f"--{option}=")
                     for o in self.all(f"snarl {command} --{option}=")]
            self.assertEqual(sorted(found), sorted(words.split()), option)
        self.assertEqual(self.tab("snarl run --accesses no").rstrip(), "snarl run --accesses none")

    def test_fail_on(self):
        listed = subprocess.run([SNARL, "list"], stdout=subprocess.PIPE, text=True,
                                check=True).stdout
        kinds = set(re.findall(r"^([a-z-]+) ", listed, re.M))
        found = [o.removeprefix("--fail-on=") for o in self.all("snarl run --fail-on=")]
        found = [word for item in found for word in item.split(",") if word]
        self.assertEqual(set(found), kinds | {"all", "none", "observed", "predicted", "possible",
                                              "error", "warning", "note"})
        self.assertGreaterEqual(len(kinds), 19)
        for typed, completed in (("obs", "observed"), ("error,data", "error,data-race"),
                                 ("error,lock-d", "error,lock-destroyed-held")):
            self.assertEqual(self.tab(f"snarl run --fail-on={typed}").rstrip(", "),
                             f"snarl run --fail-on={completed}")

    def test_files(self):
        for text in ("snarl report find", "snarl run --baseline=find", "snarl run --json find",
                     "snarl diff trace.1 find", "snarl run -o find"):
            self.assertEqual(self.tab(text).rstrip(), text + "ings.json")
        for hostile in ("'x/e;touch pwned;/p'", "'$(touch pwned)'", "--x/e", "'*'", "--o[u"):
            text = f"snarl analyze {hostile} find"
            self.assertEqual(self.tab(text).rstrip(), text + "ings.json")
        self.assertFalse((self.terminal.directory / "pwned").exists())
        for text in ("snarl analyze --source-root=", "snarl run --sysroot "):
            self.assertEqual(self.tab(text), text + "sources/")

    def test_behind_the_options_comes_another_program(self):
        for options in ("--", "-v --", "--timeout=5", "--timeout 5 -o trace", "-o x --ring=1M --"):
            for command in ("run", "record"):
                before = f"snarl {command} {options} "
                self.assertEqual(self.tab(before + "basena"), before + "basename ")
                self.assertEqual(self.tab(before + "cat find"), before + "cat findings.json ")
        # Its own completion: of a command that has one, and none of snarl's options.
        self.assertEqual(self.tab("snarl run -- snarl an"), "snarl run -- snarl analyze ")
        self.assertEqual(self.tab("snarl run -- snarl dump --to=x"),
                         "snarl run -- snarl dump --to=xstd ")
        self.assertEqual(self.tab("snarl run -- cat --timeo"), "snarl run -- cat --timeo")


if __name__ == "__main__":
    if not shutil.which(SHELL) or (SHELL == "bash" and not os.path.exists(BASH_COMPLETION)):
        print(f"no {SHELL}, or no completion for it")
        sys.exit(77)
    unittest.main(argv=sys.argv[:1])
