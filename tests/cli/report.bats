# SPDX-License-Identifier: Apache-2.0
# `report` and `diff`, on reports made here.

setup()
{
    source "$BATS_TEST_DIRNAME/setup.bash"
    report old.json deadlock:error:1111 data-race:error:2222
    report new.json data-race:error:2222 thread-leak:warning:3333
}

# report FILE KIND:SEVERITY:ID...
report()
{
    python3 - "$@" <<'PYTHON'
import json, sys
findings = []
for one in sys.argv[2:]:
    kind, severity, number = one.split(":")
    frame = {"function": "work", "file": "work.c", "line": 7, "module": "a.out", "offset": "0x10"}
    findings.append({"id": "1:" + number, "kind": kind, "level": "observed", "severity": severity,
                     "title": "a %s in work" % kind, "explanation": "because", "count": 1,
                     "status": "new", "threads": [{"id": 0, "process": 1}], "locks": [],
                     "sites": [{"role": "write", "thread": 0, "locks_held": [], "stack": [frame]}]})
document = {"schema": "snarl-report/1", "snarl": "0.1.0",
            "program": {"argv": ["a.out"], "pid": 1, "exit_status": 0, "timed_out": False},
            "processes": [{"id": 1, "pid": 1, "argv": ["a.out"]}],
            "recording": {"traces": ["t"], "complete": True, "threads": 2, "locks": 1},
            "findings": findings,
            "summary": {"observed": len(findings), "gated": len(findings)}}
json.dump(document, open(sys.argv[1], "w"))
PYTHON
}

@test "report renders text on stdout" {
    expect 0 "$SNARL" report new.json
    says "a data-race in work" out
    says "a thread-leak in work" out
    silent err
    expect 0 "$SNARL" report --log-file log new.json
    silent out err
    says "a data-race in work" log
}

@test "report renders JSON, to a file or in the place of the text" {
    expect 0 "$SNARL" report --format=json new.json
    [ "$(field 'len(d["findings"])' out)" = 2 ]
    expect 0 "$SNARL" report --json again.json new.json
    says "a data-race in work" out
    expect 0 "$SNARL" report --json third.json again.json
    cmp again.json third.json
    expect 0 "$SNARL" report --json again.json again.json
    cmp again.json third.json
}

@test "report: trouble is 2" {
    expect 2 "$SNARL" report nothing.json
    says "snarl: nothing.json"
    echo '{"schema": "snarl-report/1", ' >cut.json
    expect 2 "$SNARL" report cut.json
    says "cut.json: byte"
    : >empty.json
    expect 2 "$SNARL" report empty.json
    expect 2 "$SNARL" report .
}

@test "diff: new, fixed, unchanged; 1 for a new gated finding" {
    expect 1 "$SNARL" diff old.json new.json
    grep -q '^new: .*a thread-leak in work' out
    grep -q '^fixed: .*a deadlock in work' out
    says "1 new, 1 fixed, 1 unchanged" out
    silent err
    expect 0 "$SNARL" diff new.json new.json
    says "0 new, 0 fixed, 2 unchanged" out
}

@test "diff: what gates is --fail-on's" {
    expect 0 "$SNARL" diff --fail-on=error old.json new.json
    expect 1 "$SNARL" diff --fail-on=thread-leak old.json new.json
    expect 0 "$SNARL" diff --fail-on=none old.json new.json
    expect 2 "$SNARL" diff --fail-on=nonsense old.json new.json
}

@test "diff in JSON" {
    expect 1 "$SNARL" diff --format=json old.json new.json
    [ "$(field 'd["schema"]' out)" = snarl-diff/1 ]
    expect 1 "$SNARL" diff --json diff.json old.json new.json
    says "1 new" out
    [ "$(field 'd["schema"]' diff.json)" = snarl-diff/1 ]
}

@test "diff: trouble is 2" {
    expect 2 "$SNARL" diff old.json nothing.json
    says "nothing.json"
    expect 2 "$SNARL" diff nothing.json new.json
    echo '[1]' >wrong.json
    expect 2 "$SNARL" diff wrong.json new.json
}
