# SPDX-License-Identifier: Apache-2.0
# Programs that are not there, cannot run, or cannot be recorded: told before anything starts.

setup()
{
    source "$BATS_TEST_DIRNAME/setup.bash"
    stand_in recording
}

# refused REASON PROGRAM: 125, the reason, and the way out; and it did not run.
refused()
{
    for command in run record; do
        expect 125 "$SNARL" $command -- "$2"
        says "$1"
        says "$3"
        silent out
    done
}

# elf_file NAME BYTE VALUE: the first page of a program of this machine with one byte changed.
elf_file()
{
    head -c 4096 /bin/true >"$1"
    printf "\\x$3" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
    chmod +x "$1"
}

@test "no such program: 127" {
    for command in run record; do
        expect 127 "$SNARL" $command -- ./nothing-here
        says "snarl: ./nothing-here: no such program"
        expect 127 "$SNARL" $command -- nothing-of-this-name
        expect 127 "$SNARL" $command -- ""
        expect 127 "$SNARL" $command -- /bin/true/below
    done
}

@test "no program that can be executed: 126" {
    echo true >file
    chmod 644 file
    mkdir directory
    mkfifo pipe
    chmod +x pipe
    for command in run record; do
        expect 126 "$SNARL" $command -- ./file
        says "snarl: ./file: cannot be executed: Permission denied"
        expect 126 "$SNARL" $command -- ./directory
        expect 126 "$SNARL" $command -- ./pipe
        PATH=$PWD expect 126 /usr/bin/env PATH="$PWD" "$SNARL" $command -- file
    done
}

@test "a later directory of PATH may have what an earlier one only seems to have" {
    mkdir one two
    echo 'echo one' >one/tool
    printf '#!/bin/sh\necho two\n' >two/tool
    chmod 644 one/tool
    chmod 755 two/tool
    PATH=$PWD/one:$PWD/two:$PATH expect 0 "$SNARL" run -- tool
    [ "$(cat out)" = two ]
}

@test "a script without an interpreter line runs in sh, one with a missing interpreter is 126" {
    echo 'echo from sh' >script
    chmod +x script
    expect 0 "$SNARL" run -- ./script
    [ "$(cat out)" = "from sh" ]
    printf '#!/nowhere/interpreter\n' >script
    expect 126 "$SNARL" run -- ./script
    says "/nowhere/interpreter"
}

@test "static" {
    echo 'int main(void) { return 0; }' | compile static -static
    refused "statically linked" ./static "-static"
}

@test "static-pie" {
    echo 'int main(void) { return 0; }' | compile static -static-pie
    refused "statically linked" ./static "-static"
}

@test "a script of a static interpreter" {
    echo 'int main(void) { return 0; }' | compile static -static
    printf '#!%s\n' "$PWD/static" >script
    chmod +x script
    refused "statically linked" ./script "-static"
}

@test "setuid and setgid" {
    cp /bin/true program
    chmod u+s program
    refused "setuid" ./program "a copy without"
    chmod u-s,g+s program
    refused "setgid" ./program "a copy without"
    chmod g-s program
    expect 0 "$SNARL" run -- ./program
}

@test "file capabilities" {
    cp /bin/true program
    setfattr -n security.capability -v 0sAQAAAgAAAAAAAAAAAAAAAAAAAAA= program ||
        setcap cap_net_raw+ep program || skip "no right to give file capabilities"
    refused "file capabilities" ./program "a copy"
}

@test "32-bit" {
    echo 'int main(void) { return 0; }' | compile program -m32 || elf_file program 4 01
    refused "32-bit" ./program "-m32"
    elf_file program 4 01
    refused "32-bit" ./program "-m32"
}

@test "another machine" {
    elf_file program 18 b7
    refused "another machine" ./program "x86-64"
}

@test "musl" {
    if command -v musl-gcc; then
        echo 'int main(void) { return 0; }' >program.c
        musl-gcc -o program program.c
    else
        sed 's|/lib64/ld-linux-x86-64.so.2|/lib/ld-musl-x86_64.so.1|' /bin/true >program
        chmod +x program
    fi
    refused "musl" ./program "glibc"
}

@test "another dynamic linker" {
    sed 's|/lib64/ld-linux-x86-64.so.2|/lib64/ld-lonix-x86-64.so.2|' /bin/true >program
    chmod +x program
    refused "/lib64/ld-lonix-x86-64.so.2" ./program "glibc"
}

@test "ThreadSanitizer's run-time linked into it" {
    echo 'int main(void) { return 0; }' >program.c
    clang -fsanitize=thread -o program program.c || skip "no clang with its sanitizers"
    refused "ThreadSanitizer's run-time" ./program "snarl-cc"
    echo 'void __tsan_init(void) {} int main(void) { return 0; }' | compile program
    refused "ThreadSanitizer's run-time" ./program "snarl-cc"
}

@test "damaged ELF files are refused, or fail as they do alone" {
    for size in 4 16 20 64 100 1000 4096; do
        head -c $size /bin/true >program
        chmod +x program
        code=0
        "$SNARL" run -- ./program >out 2>err || code=$?
        [ $code = 125 ] || [ $code = 126 ]
    done
}

@test "--accesses=tsan without instrumentation: 125" {
    expect 125 "$SNARL" run --accesses=tsan -- true
    says "-fsanitize=thread"
    says "--accesses=none"
    silent out
}

@test "--accesses=tsan sees instrumentation in the program and in its libraries" {
    echo 'void __tsan_read4(void *p); void work(int *p) { __tsan_read4(p); }' |
        compile libwork.so -shared -fPIC
    echo 'void work(int *p); int main(void) { int i = 0; work(&i); return 0; }' |
        compile program -L. -lwork -Wl,-rpath,'$ORIGIN' -Wl,--unresolved-symbols=ignore-all
    # The stand-in has no __tsan_read4: the dynamic linker ends the program, but it was started.
    expect 127 "$SNARL" run --accesses=tsan -- ./program
    says "__tsan_read4"
    expect 127 "$SNARL" run --accesses=none -- ./program
}

@test "a recorder that is not there: 125" {
    unset SNARL_LIBRARY
    cp "$SNARL" ./alone
    expect 125 ./alone run -- true
    says "libsnarl.so"
    says "SNARL_LIBRARY"
    export SNARL_LIBRARY=/nowhere/libsnarl.so
    expect 125 "$SNARL" run -- true
    says "/nowhere/libsnarl.so"
}
