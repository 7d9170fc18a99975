# SPDX-License-Identifier: Apache-2.0
# --suppressions in the three syntaxes and --gen-suppressions, with real programs.

setup_file()
{
    local root=$BATS_TEST_DIRNAME/../..
    cd "$BATS_FILE_TMPDIR"
    cc -g -O1 -fPIC -shared -o libsnarl_order.so "$root/tests/order/order.c"
    cc -g -O1 -pthread -I "$root/tests/order" -o garlic "$root/testcases/data-race/garlic.c" \
        -L. -lsnarl_order -Wl,-rpath,"$BATS_FILE_TMPDIR"
    # Two data races and an abandoned lock, whatever the order. With -O1 an addition is one
    # instruction without a lock, which no atomic of the source comes out as.
    cat >pantry.c <<'C'
#include <pthread.h>
static pthread_mutex_t chopstick = PTHREAD_MUTEX_INITIALIZER;
static int garlic, onions;
__attribute__((noinline)) static void eat(void)
{
    garlic++;
    onions++;
}
static void *helper(void *unused)
{
    pthread_mutex_lock(&chopstick);
    eat();
    return unused;
}
int main(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, helper, NULL);
    eat();
    pthread_join(thread, NULL);
    return 0;
}
C
    cc -g -O1 -pthread -o pantry pantry.c
    cc -O1 -s -pthread -o bare pantry.c
}

setup()
{
    source "$BATS_TEST_DIRNAME/setup.bash"
    PATH=$BATS_FILE_TMPDIR:$PATH
    printf 'suppress data-race\n  reason=statistics only\n  variable=garlic*\n' >own.supp
}

# statuses FILE: what became of each finding, in alphabetical order.
statuses()
{
    field '" ".join(sorted("%s:%s:%s" % (f["kind"], (f["variable"] or {}).get("name"), f["status"])
                           for f in d["findings"]))' "$1"
}

BOTH="abandoned-lock:None:new data-race:garlic:new data-race:onions:new"

@test "the program without suppressions" {
    expect 66 "$SNARL" run --json all.json -- pantry
    [ "$(statuses all.json)" = "$BOTH" ]
    [ "$(field 'd["suppressions"]' all.json)" = "[]" ]
}

@test "garlic: suppressed, with the reason, and the gate is open" {
    expect 0 "$SNARL" run --suppressions own.supp --json all.json -- garlic 1000
    says "snarl: no findings: 1 suppressed"
    no grep -q garlic_count err
    [ "$(statuses all.json)" = "data-race:garlic_count:suppressed" ]
    [ "$(field 'd["findings"][0]["suppressed_by"]' all.json)" = \
        "{'file': 'own.supp', 'line': 1, 'reason': 'statistics only'}" ]
    [ "$(field 'd["summary"]' all.json)" = \
        "{'observed': 0, 'predicted': 0, 'possible': 0, 'suppressed': 1, 'gated': 0}" ]
    expect 0 "$SNARL" run --suppressions own.supp -v -- garlic 1000
    says "Suppressed by: own.supp:1: statistics only"
    says "suppression: own.supp:1: statistics only (suppressed 1 finding)"
}

@test "what is not named is told, and gates" {
    expect 66 "$SNARL" run --suppressions own.supp --json all.json -- pantry
    [ "$(statuses all.json)" = \
        "abandoned-lock:None:new data-race:garlic:suppressed data-race:onions:new" ]
    [ "$(field 'd["summary"]["gated"]' all.json)" = 2 ]
    says "onions"
}

@test "ThreadSanitizer's syntax" {
    printf '# of the project\nrace:^garlic_count$\n' >tsan.supp
    expect 0 "$SNARL" run --suppressions tsan.supp --json all.json -- garlic 1000
    [ "$(field 'd["findings"][0]["suppressed_by"]["reason"]' all.json)" = 'race:^garlic_count$' ]
    printf 'race_top:shopper\n' >tsan.supp
    expect 0 "$SNARL" run --suppressions tsan.supp -- garlic 1000
    printf 'race:data-race/garlic.c\n' >tsan.supp
    expect 0 "$SNARL" run --suppressions tsan.supp -- garlic 1000
    printf 'deadlock:shopper\nrace:^count\n' >tsan.supp
    expect 66 "$SNARL" run --suppressions tsan.supp -- garlic 1000
}

@test "Valgrind's syntax" {
    printf '{\n  shopping\n  Helgrind:Race\n  fun:shop*\n  ...\n  obj:*/libc.so*\n}\n' >hg.supp
    expect 0 "$SNARL" run --suppressions hg.supp --json all.json -- garlic 1000
    [ "$(field 'd["findings"][0]["suppressed_by"]["reason"]' all.json)" = shopping ]
    printf '{\n  a\n  Memcheck:Leak\n  fun:main\n}\n{\n  b\n  drd:ConflictingAccess\n  src:garlic.c\n}\n' >drd.supp
    expect 0 "$SNARL" run --suppressions drd.supp -- garlic 1000
    printf '{\n  a\n  Helgrind:LockOrder\n  fun:shopper\n}\n' >hg.supp
    expect 66 "$SNARL" run --suppressions hg.supp -- garlic 1000
}

@test "several files; unused and expired ones are told" {
    printf 'suppress any\n  reason=old\n  until=2020-12-31\nsuppress deadlock\n reason=x\n' >old.supp
    printf 'suppress data-race\n  reason=new\n  until=9999-12-31\n  variable=onions\n' >new.supp
    expect 66 "$SNARL" run --suppressions own.supp --suppressions old.supp --suppressions new.supp \
        --json all.json -- pantry
    [ "$(statuses all.json)" = \
        "abandoned-lock:None:new data-race:garlic:suppressed data-race:onions:suppressed" ]
    says "note: this suppression has expired (until=2020-12-31), and does not apply: old.supp:1: old"
    says "note: 1 suppression matched nothing: old.supp:4"
    [ "$(field '[(s["file"], s["line"], s["expired"], s["findings"]) for s in d["suppressions"]]' \
        all.json)" = "[('own.supp', 1, False, 1), ('old.supp', 1, True, 0), "`
        `"('old.supp', 4, False, 0), ('new.supp', 1, False, 1)]" ]
}

@test "a file that is wrong is trouble, and the program is not started" {
    printf 'suppress data-race\n  reason=x\n  until=tomorrow\n' >bad.supp
    expect 125 "$SNARL" run --suppressions own.supp --suppressions bad.supp -- touch started
    says "snarl: bad.supp: byte 38: line 3, column 9: expected a day such as 2027-01-31, not 'tomorrow'"
    [ ! -e started ]
    expect 125 "$SNARL" run --suppressions nowhere.supp -- true
    says "nowhere.supp: cannot open it"
    expect 66 "$SNARL" run -o trace --json all.json -- pantry
    expect 2 "$SNARL" analyze --suppressions bad.supp trace
    expect 2 "$SNARL" report --suppressions bad.supp all.json
    expect 2 "$SNARL" diff --suppressions bad.supp all.json all.json
    says "bad.supp: byte 38"
    expect 125 "$SNARL" record --suppressions own.supp -- true
}

@test "analyze, report and diff take them, too" {
    printf 'suppress any\n  reason=all of it\n' >any.supp
    expect 66 "$SNARL" run -o trace --json all.json -- pantry
    expect 0 "$SNARL" analyze --suppressions any.supp --json again.json trace
    says "no findings: 3 suppressed" out
    expect 1 "$SNARL" analyze --suppressions own.supp trace

    expect 0 "$SNARL" report --suppressions own.supp --json some.json all.json
    says "2 findings: 2 observed, 1 suppressed (2 gated)" out
    [ "$(field 'd["summary"]["gated"]' some.json)" = 2 ]
    expect 0 "$SNARL" report --suppressions own.supp --json twice.json some.json
    cmp some.json twice.json
    expect 0 "$SNARL" report some.json
    says "2 findings: 2 observed, 1 suppressed (2 gated)" out

    expect 0 "$SNARL" run --json nothing.json -- true
    expect 1 "$SNARL" diff --suppressions own.supp nothing.json all.json
    says "snarl: 2 new, 0 fixed, 0 unchanged, 1 suppressed" out
    no grep -q garlic out
    expect 0 "$SNARL" diff --suppressions any.supp nothing.json all.json
    says "snarl: 0 new, 0 fixed, 0 unchanged, 3 suppressed" out
    expect 0 "$SNARL" diff --suppressions any.supp all.json nothing.json
    says "snarl: 0 new, 0 fixed, 0 unchanged" out
}

@test "a baseline does not know what was suppressed in it" {
    printf 'suppress any\n  reason=all of it\n' >any.supp
    expect 0 "$SNARL" run --suppressions any.supp --json old.json -- pantry
    expect 66 "$SNARL" run --baseline old.json -- pantry
    says "3 findings: 3 observed (3 gated)"
    expect 66 "$SNARL" run --json old.json -- pantry
    expect 0 "$SNARL" run --baseline old.json -- pantry
}

@test "what is generated suppresses its finding and no other" {
    expect 66 "$SNARL" run -o trace --gen-suppressions --log-file log -- pantry
    sed '1,/^snarl: 3 findings/d' log >generated
    [ "$(grep -c '^suppress ' generated)" = 3 ]
    no grep -E '0x|\.c:|id=' generated
    # Without a reason they are not accepted.
    expect 2 "$SNARL" analyze --suppressions generated trace
    says "reason="
    sed -i 's/^  # reason=$/  reason=known/' generated
    expect 0 "$SNARL" analyze --suppressions generated --json all.json --gen-suppressions trace
    no grep -q '^suppress' out
    # One by one.
    local number name
    for number in 1 2 3; do
        awk -v n=$number '/^suppress/ { i++ } i == n' generated >one
        expect 1 "$SNARL" analyze --suppressions one --json one.json trace
        [ "$(field 'sum(f["status"] == "suppressed" for f in d["findings"])' one.json)" = 1 ]
        field '[f["id"] for f in d["findings"] if f["status"] == "suppressed"][0]' one.json >>ids
    done
    [ "$(sort -u ids | wc -l)" = 3 ]
    # Also in another run, of the program built with lines above and in another directory.
    mkdir elsewhere
    sed '1i\\n\n' "$BATS_FILE_TMPDIR/pantry.c" >elsewhere/pantry.c
    cc -g -O1 -pthread -o elsewhere/pantry elsewhere/pantry.c
    expect 0 "$SNARL" run --suppressions generated -- elsewhere/pantry
    says "no findings: 3 suppressed"
}

@test "--gen-suppressions stands in a text report" {
    expect 66 "$SNARL" run --json all.json -- pantry
    expect 2 "$SNARL" report --gen-suppressions --format=json all.json
    says "--gen-suppressions needs a text report"
    expect 0 "$SNARL" report --gen-suppressions --format=json --format=text:text all.json
    says "suppress abandoned-lock" text
    no grep -q '^suppress' out
    expect 2 "$SNARL" diff --gen-suppressions all.json all.json
}

@test "without symbols: by module and offset, and names that could not be tried are told" {
    printf 'race:eating\nrace:libfoo.so\n' >tsan.supp
    expect 66 "$SNARL" run -o trace --suppressions tsan.supp --json all.json -- bare
    says "note: 2 suppressions could not be tried: symbols are missing for bare: tsan.supp:1"
    [ "$(field 'd["suppressions"][0]["untried"]' all.json)" = "symbols are missing for bare" ]
    expect 1 "$SNARL" analyze --gen-suppressions trace
    sed '1,/^snarl: 3 findings/d; s/^  # reason=$/  reason=known/' out >generated
    says "module=bare+0x" generated
    expect 0 "$SNARL" run --suppressions generated --json again.json -- bare
    says "no findings: 3 suppressed"
    [ "$(field 'sorted(s["findings"] for s in d["suppressions"])' again.json)" = "[1, 1, 1]" ]
}

@test "a suppressed deadlock ends the program all the same" {
    compile deadlock <<'C'
#include <pthread.h>
static pthread_mutex_t left = PTHREAD_MUTEX_INITIALIZER, right = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t both;
static void *other(void *unused)
{
    pthread_mutex_lock(&right);
    pthread_barrier_wait(&both);
    pthread_mutex_lock(&left);
    return unused;
}
int main(void)
{
    pthread_t thread;
    pthread_barrier_init(&both, NULL, 2);
    pthread_create(&thread, NULL, other, NULL);
    pthread_mutex_lock(&left);
    pthread_barrier_wait(&both);
    pthread_mutex_lock(&right);
    return 0;
}
C
    printf '{\n  circle\n  Helgrind:LockOrder\n  fun:mutex_lock_WRK\n  fun:pthread_mutex_lock\n  fun:other\n}\n' >hg.supp
    expect 66 "$SNARL" run --suppressions hg.supp --json all.json -- ./deadlock
    says "the program is stopped"
    says "no findings: 1 suppressed"
    [ "$(statuses all.json)" = "deadlock:None:suppressed" ]
    [ "$(field 'd["summary"]["gated"]' all.json)" = 0 ]
}
