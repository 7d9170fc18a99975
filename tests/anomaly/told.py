# SPDX-License-Identifier: Apache-2.0
"""What `snarl run` tells of a program that should have printed and ended as it does alone."""
import json
import subprocess

SECONDS = 60


class Wrong(Exception):
    pass


def acquired(snarl, traces):
    total = 0
    for trace in traces:
        dump = subprocess.run([snarl, "dump", trace], capture_output=True, text=True, check=False,
                              timeout=SECONDS)
        total += dump.stdout.count(" acquire ")
    return total


def told(snarl, done, alone, report, traces):
    """Is the recording complete? DONE and ALONE: the program under `snarl run --json REPORT`, and
    by itself; the first word that it prints is how many locks it took. Wrong if it was disturbed,
    or if something is missing, or found, without a word of it."""
    errors = done.stderr.decode(errors="replace")
    if done.returncode == 125 and not done.stdout and "snarl: " in errors:
        return False  # refused beforehand
    if done.stdout != alone.stdout:
        raise Wrong(f"printed {done.stdout!r}: {errors}")
    if done.returncode == 125:
        if "snarl: " not in errors:
            raise Wrong("125 without a reason")
        return False
    if done.returncode != (128 - alone.returncode if alone.returncode < 0 else alone.returncode):
        raise Wrong(f"ended with {done.returncode}, not {alone.returncode}: {errors}")
    found = json.loads(report.read_text())
    if found["findings"]:
        raise Wrong(f"found: {found['findings'][0]['title']}")
    if any("--ring" in note for note in found.get("notes", [])):
        return False
    if not found["recording"]["complete"] or found["recording"]["lost_events"]:
        return False
    acquisitions, count = int(alone.stdout.split()[0]), acquired(snarl, traces)
    if count != acquisitions:
        raise Wrong(f"{count} of {acquisitions} acquisitions, and no word of it: {errors}")
    return True
