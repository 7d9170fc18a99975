# SPDX-License-Identifier: Apache-2.0
# Raw results: --list.

setup() { source "$BATS_TEST_DIRNAME/setup.bash"; }

# Two racing writes behind a handed-on lock.
hidden_race()
{
    printf '%s\n' 'T1|w(x.y[0])|1' 'T1|acq(l)|2' 'T1|rel(l)|3' 'T2|acq(l)|4' 'T2|w(z)|5' \
        'T2|rel(l)|6' 'T1|w(z)|7' 'T2|r(z)|8' 'T3|r(x.y[0])|9'
}

@test "races are told by the numbers of their lines, with names, and summed up" {
    hidden_race >trace.std
    expect 0 "$SNARL" analyze --list --relation=hb trace.std
    printf '%s\n' 'race 5 7 z' 'race 7 8 z' 'race 1 9 x.y[0]' 'summary 9 3 1 2 3 2 0' | cmp out -
    silent err
}

@test "deadlocks are told by the acquisitions that close the cycle" {
    printf '%s\n' 'T1|acq(a)|1' 'T1|acq(b)|2' 'T1|rel(b)|3' 'T1|rel(a)|4' 'T2|acq(b)|5' \
        'T2|acq(a)|6' 'T2|rel(a)|7' 'T2|rel(b)|8' >trace.std
    for kind in patterns spd; do
        expect 0 "$SNARL" analyze --list --deadlocks=$kind trace.std
        printf '%s\n' 'deadlock 2 6' 'summary 8 2 2 0 0 0 1' | cmp out -
        silent err
    done
    expect 0 "$SNARL" analyze --list trace.std
    printf '%s\n' 'deadlock 2 6' 'summary 8 2 2 0 0 0 1' | cmp out -
}

@test "standard input is read as it comes" {
    hidden_race >trace.std
    expect 0 "$SNARL" analyze --list --relation=hb trace.std
    mv out wanted
    (head -c 20 trace.std; tail -c +21 trace.std) |
        expect 0 "$SNARL" analyze --list --relation=hb --input=std /dev/stdin
    cmp out wanted
}

@test "a trace larger than memory is followed" {
    python3 - <<'END'
with open("trace.std", "w") as out:
    for i in range(60000):
        out.write("".join(f"T{i % 3}|w(v{i % 3}_{k})|1\n" for k in range(100)))
END
    [ "$(stat -c %s trace.std)" -gt 80000000 ]
    (ulimit -v 60000; expect 0 "$SNARL" analyze --list --relation=fasttrack trace.std)
    echo 'summary 6000000 3 0 300 0 0 0' | cmp out -
}

@test "what is wrong is told with its place, and there is no summary" {
    printf '%s\n' 'T1|w(x)|1' 'T2|w(x)|1' 'T2|w(x)' >trace.std
    expect 2 "$SNARL" analyze --list --relation=hb trace.std
    echo 'race 1 2 x' | cmp out -
    says "snarl: trace.std: byte 20: line 3: three fields with | between them are expected: T2|w(x)"
    : >empty.std
    expect 2 "$SNARL" analyze --list --relation=hb --input=std empty.std
    says "snarl: empty.std: byte 0: the trace is empty"
    expect 2 "$SNARL" analyze --list --relation=hb --input=std nowhere.std
    says "snarl: nowhere.std: it cannot be opened"
    printf 'T1|w(x)|1\r\n' >dos.std
    expect 2 "$SNARL" analyze --list --relation=hb dos.std
    says "the line ends in CR LF, not in LF alone"
}

@test "wrong options" {
    hidden_race >trace.std
    expect 2 "$SNARL" analyze --list --relation=xyz trace.std
    says "--relation=xyz: this version knows hb, "
    expect 2 "$SNARL" analyze --list --deadlocks=all trace.std
    says "--deadlocks=all: this version knows patterns, spd"
    expect 2 "$SNARL" analyze --list --input=pdf trace.std
    says "--input=pdf: this version knows auto, snarl, std, xstd"
    expect 2 "$SNARL" analyze --list --jobs=0 trace.std
    expect 2 "$SNARL" analyze --list --relation=hb trace.std trace.std
    says "--list takes one trace"
    expect 2 "$SNARL" analyze --relation=hb trace.std
    says "need --list"
}

@test "a full disk is told" {
    hidden_race >trace.std
    code=0
    "$SNARL" analyze --list --relation=hb trace.std >/dev/full 2>err || code=$?
    [ $code = 2 ]
    says "stdout: cannot be written"
}
