# SPDX-License-Identifier: Apache-2.0
"""What the recordings of one running are worth: each can be read, nothing is lost or damaged."""
import collections
import json
import subprocess

SECONDS = 300
Judged = collections.namedtuple("Judged", "faults events traces findings")


def run(*command):
    return subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=SECONDS,
                          check=False)


def place_of(finding):
    """Kind and level (a note says so), and where: enough to tell findings apart in a table."""
    functions = []
    for site in finding["sites"]:
        named = [frame["function"] for frame in site["stack"] if frame.get("function")]
        functions.append(f"{site['role']} {' < '.join(named[:3]) or '?'}")
    note = " note" if finding["severity"] == "note" else ""
    return f"{finding['kind']} {finding['level']}{note}: {'; '.join(functions[:4])}"


def judge_one(snarl, trace):
    faults, findings, events = [], [], 0
    dump = run(snarl, "dump", trace)
    if dump.returncode or dump.stderr:
        faults.append(f"dump: {dump.returncode}: {dump.stderr.decode(errors='replace')}")
    report = trace.with_name(trace.name + ".json")
    analysis = run(snarl, "analyze", "--json", report, "--log-file=/dev/null", trace)
    if analysis.returncode not in (0, 1):
        faults.append(f"analyze: {analysis.returncode}: {analysis.stderr.decode(errors='replace')}")
    else:
        told = json.loads(report.read_text())
        recording = told["recording"]
        events = recording["events"]
        if recording["lost_events"]:
            faults.append(f"{recording['lost_events']} events lost")
        reason = recording.get("incomplete_reason")
        if not recording["complete"] and "was cut off" not in str(reason):
            faults.append(f"incomplete: {reason}")
        findings = [place_of(finding) for finding in told["findings"]]
    return [f"{trace.name}: {fault}" for fault in faults], events, findings


def judge(build, directory):
    """All traces in a directory, each by itself. One without a byte is of a process that was killed
    as it began."""
    snarl = build / "bin/snarl"
    faults, events, findings = [], 0, collections.Counter()
    traces = sorted(path for path in directory.iterdir()
                    if path.name != "log" and path.suffix != ".json" and path.stat().st_size)
    for trace in traces:
        try:
            wrong, count, found = judge_one(snarl, trace)
        except subprocess.TimeoutExpired as late:
            wrong, count, found = [f"{trace.name}: {late}"], 0, []
        faults += wrong
        events += count
        findings.update(found)
    if not traces:
        faults.append("nothing was recorded")
    return Judged(faults, events, len(traces), findings)
