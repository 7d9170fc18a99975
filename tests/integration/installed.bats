#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What `cmake --install` installs, and projects that find it: by CMake, pkg-config, Meson.

source "$BATS_TEST_DIRNAME/setup.bash"

setup_file() { install_snarl; }

setup()
{
    prepare
    export PKG_CONFIG_PATH=$prefix/share/pkgconfig
}

# configure OPTION...: the project that uses CMake.
configure()
{
    cmake -S "$BATS_TEST_DIRNAME/cmake" -B customer -DCMAKE_PREFIX_PATH="$prefix" \
        -DCMAKE_C_COMPILER="$prefix/bin/snarl-cc" "$@" >log 2>&1 &&
        cmake --build customer >>log 2>&1 || { cat log; false; }
}

# tested NAME CODE: runs a test, which passes if CODE is 0.
tested()
{
    local code=0
    ctest --test-dir customer -V -R "^$1\$" >"log" 2>&1 || code=$?
    grep -q "tests passed, . tests failed out of 1" log && [ $((code != 0)) = "$2" ] ||
        { cat log; false; }
}

@test "what is installed, where" {
    for file in bin/snarl bin/snarl-cc bin/snarl-c++ include/snarl.h include/snarl/thread_safety.h share/pkgconfig/snarl.pc \
        share/doc/snarl/SUPPRESSIONS.md share/doc/snarl/INTEGRATION.md \
        share/doc/snarl/HISTORY.md share/doc/snarl/snarl-history-1.schema.json \
        share/doc/snarl/ANNOTATE.md share/doc/snarl/snarl-locking-1.schema.json; do
        [ -s "$prefix/$file" ] || { echo "$file"; false; }
    done
    for file in snarl/libsnarl.so snarl/stubs/libtsan.so.2 snarl/link/libtsan.so \
        cmake/snarl/snarl-config.cmake cmake/snarl/snarl-config-version.cmake; do
        compgen -G "$prefix/lib*/$file" || compgen -G "$prefix/lib/*/$file"
    done
    # Nothing leads back to where it was built.
    no grep -rlF --include='*.cmake' --include='*.pc' -e "$BUILD" "$prefix"
    no grep -lF "$BUILD" "$prefix"/bin/snarl-c*
}

@test "the installed command finds its recorder and its manual" {
    expect 0 snarl run --accesses=none -- true
    says "no threads or locks seen"
    [ ! -e "$BUILD/share/man" ] || { expect 0 snarl help run && says "SYNOPSIS" out; }
}

@test "bash finds its completion" {
    [ -s "$prefix/share/zsh/vendor-completions/_snarl" ]
    loader=/usr/share/bash-completion/bash_completion
    [ -e $loader ] || skip "no bash-completion"
    XDG_DATA_DIRS=$prefix/share expect 0 bash --norc -c \
        "source $loader; _completion_loader snarl; complete -p snarl"
    says "complete -F _snarl snarl" out
}

@test "find_package: snarl_add_test fails for a race, and passes without one" {
    configure
    tested locked 0
    tested racy 1
    says "two words: done" log
    says "data race on coins" log
    [ "$(field 'd["summary"]["gated"]' customer/reports/racy.json)" = 1 ]
    [ "$(field 'd["version"]' customer/reports/racy.sarif)" = 2.1.0 ]
    tested suppressed 0
    tested known 0
    tested failing 1
    no grep -q "data race" log
    tested here 0
}

@test "find_package: wrong calls are told" {
    for call in "NAME x" "COMMAND true" "NAME x SUSPEND COMMAND true"; do
        mkdir -p wrong
        printf 'cmake_minimum_required(VERSION 3.25)\nproject(wrong C)\n%s\nsnarl_add_test(%s)\n' \
            'find_package(snarl REQUIRED)' "$call" >wrong/CMakeLists.txt
        expect 1 cmake -S wrong -B built -DCMAKE_PREFIX_PATH="$prefix"
        says snarl_add_test
    done
}

@test "a launcher: tests that know nothing of snarl run under it" {
    configure "-DCMAKE_CROSSCOMPILING_EMULATOR=$prefix/bin/snarl;run;--" \
        "-DCMAKE_TEST_LAUNCHER=$prefix/bin/snarl;run;--"
    tested launched/locked 0
    tested launched/racy 1
    says "data race on coins" log
}

@test "pkg-config" {
    [ "$(realpath "$(pkg-config --cflags snarl | sed 's/^-I//; s/ *$//')")" = \
        "$(realpath "$prefix/include")" ]
    [ "snarl $(pkg-config --modversion snarl)" = "$(snarl --version)" ]
    [ -x "$(pkg-config --variable=command snarl)" ]
    [ -s "$(pkg-config --variable=recorder snarl)" ]
    # shellcheck disable=SC2046 # several words
    compile locked $(pkg-config --cflags snarl) <"$BATS_TEST_DIRNAME/programs/locked.c"
    expect 0 snarl run -- ./locked
}

@test "meson test --wrapper" {
    command -v meson >/dev/null || skip "no meson"
    cp -r "$BATS_TEST_DIRNAME/meson" "$BATS_TEST_DIRNAME/programs" .
    mv programs meson/
    CC=$prefix/bin/snarl-cc meson setup built meson >log 2>&1 || { cat log; false; }
    expect 0 meson test -C built --wrapper 'snarl run --' locked
    expect 1 meson test -C built --wrapper 'snarl run --' racy
    says "data race on coins" built/meson-logs/testlog-snarl.txt
}
