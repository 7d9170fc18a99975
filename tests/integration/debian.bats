#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The Debian packages: what lintian says, what they depend on, and that they work where they were
# unpacked. scripts/try-packages installs them.

setup_file()
{
    command -v dpkg-shlibdeps >/dev/null || skip "no dpkg-dev"
    cd "$BUILD" && cpack -B "$BATS_FILE_TMPDIR" >"$BATS_FILE_TMPDIR/log" 2>&1 ||
        { cat "$BATS_FILE_TMPDIR/log"; return 1; }
    dpkg -x "$BATS_FILE_TMPDIR"/snarl_*.deb "$BATS_FILE_TMPDIR/root"
    dpkg -x "$BATS_FILE_TMPDIR"/libsnarl-dev_*.deb "$BATS_FILE_TMPDIR/root"
}

setup()
{
    source "$BATS_TEST_DIRNAME/../cli/setup.bash"
    packages=$BATS_FILE_TMPDIR
    root=$packages/root
    PATH=$root/usr/bin:$PATH
}

@test "lintian: no error and no warning" {
    command -v lintian >/dev/null || skip "no lintian"
    lintian --allow-root --fail-on error,warning "$packages"/*.deb >out 2>&1 || { cat out; false; }
    silent out
}

@test "the packages depend on what is linked and on what is opened" {
    expect 0 dpkg-deb -f "$packages"/snarl_*.deb Depends
    for name in libc6 libjansson4 libdw1 libelf1 libunwind8 libsqlite3-0; do
        says "$name" out
    done
    # What the recorder names, by the package that has it here.
    grep -oaE 'lib(Zydis|unwind)\.so\.[0-9.]+' "$root"/usr/lib/snarl/libsnarl.so | sort -u >opened
    [ "$(wc -l <opened)" -ge 2 ]
    while read -r library; do
        says "$(dpkg-query -S "*/$library" | head -1 | cut -d: -f1)" out
    done <opened
    grep -qaF libpq.so.5 "$root"/usr/bin/snarl
    expect 0 dpkg-deb -f "$packages"/snarl_*.deb Suggests
    says libpq5 out
    version=$(dpkg-deb -f "$packages"/snarl_*.deb Version)
    expect 0 dpkg-deb -f "$packages"/libsnarl-dev_*.deb Depends
    says "snarl (= $version)" out
    [ "snarl ${version%-*}" = "$("$SNARL" --version)" ]
}

@test "what belongs into each package" {
    dpkg-deb -c "$packages"/snarl_*.deb | sed 's/.* \.//' >run
    dpkg-deb -c "$packages"/libsnarl-dev_*.deb | sed 's/.* \.//' >dev
    for file in /usr/bin/snarl /usr/lib/snarl/libsnarl.so /usr/share/man/man1/snarl-run.1.gz \
        /usr/share/man/man1/snarl-history.1.gz /usr/share/doc/snarl/copyright /usr/share/doc/snarl/changelog.Debian.gz; do
        grep -qx "$file" run && no grep -qx "$file" dev
    done
    for file in /usr/bin/snarl-cc /usr/include/snarl.h /usr/include/snarl/thread_safety.h /usr/share/pkgconfig/snarl.pc \
        /usr/lib/cmake/snarl/snarl-config.cmake /usr/share/man/man1/snarl-cc.1.gz; do
        grep -qx "$file" dev && no grep -qx "$file" run
    done
    no grep -vx '/\(usr/.*\)\?' run dev
    file "$root/usr/bin/snarl" | grep -q ', stripped'
}

@test "snarl-source is a package of its own" {
    ls "$packages"/snarl-source_*.deb || skip "it was not built"
    dpkg -x "$packages"/snarl-source_*.deb "$packages/source"
    expect 0 dpkg-deb -f "$packages"/snarl-source_*.deb Depends
    says "libclang-common-19-dev" out
    says "libclang-cpp19" out
    expect 0 "$packages/source/usr/bin/snarl-source" --version
    says "snarl-source $(snarl --version | cut -d' ' -f2)" out
    [ -s "$packages/source/usr/share/man/man1/snarl-source.1.gz" ]
}

@test "snarl works where it was unpacked" {
    snarl-cc -g -O1 -pthread -o racy "$BATS_TEST_DIRNAME/programs/racy.c"
    expect 66 snarl run -- ./racy
    says "data race on coins"
    says "racy.c:"
    cc -g -O1 -pthread -I"$root/usr/include" -o locked "$BATS_TEST_DIRNAME/programs/locked.c"
    expect 0 snarl run -- ./locked
    expect 0 man -l "$root/usr/share/man/man1/snarl-c++.1.gz"
    says "snarl-cc" out
}
