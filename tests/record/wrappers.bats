# SPDX-License-Identifier: Apache-2.0
# snarl-cc and snarl-c++: everything that build systems do with a compiler, by gcc and by clang.

setup()
{
    cd "$BATS_TEST_TMPDIR"
    PATH=$BUILD/bin:$PATH
    cat >add.c <<'END'
#include <stdio.h>
int total;
void add(int n) { total += n; }
END
    cat >main.c <<'END'
#include <stdio.h>
extern int total;
void add(int n);
int main(void) { add(40); add(2); printf("%d\n", total); return total == 42 ? 3 : 1; }
END
    cat >main.cc <<'END'
#include <iostream>
#include <stdexcept>
int main() { try { throw std::runtime_error("caught"); } catch (std::exception &e) { std::cout << e.what() << '\n'; } }
END
}

# both COMMAND: with gcc and with clang.
both()
{
    for SNARL_CC in gcc clang; do
        export SNARL_CC SNARL_CXX=g++
        [ $SNARL_CC = gcc ] || SNARL_CXX=clang++
        "$@"
    done
}

# not COMMAND: it fails (a mere `!` would not be noticed).
not()
{
    if "$@"; then
        return 1
    fi
}

# recorded PROGRAM: it writes variable `total`, and the trace has that.
recorded()
{
    local status=0
    rm -f trace
    SNARL_OPTIONS="-o trace" "$@" || status=$?
    [ "$status" = 3 ]
    snarl dump trace | grep -q ' write 4 0x'
    snarl dump trace | grep -q ' coverage tsan '
}

# alone PROGRAM: same result, and no trace.
alone()
{
    run "$@"
    [ "$status" = 3 ]
    [ "$output" = 42 ]
    [ -z "$(ls snarl.* 2>/dev/null)" ]
}

one_step()
{
    snarl-cc -Wall -Werror -O2 -o prog main.c add.c
    alone ./prog
    recorded ./prog
    ldd prog >needed
    not grep -q -e libtsan -e clang_rt needed
}
@test "wrappers: compile and link at once" { both one_step; }

two_steps()
{
    snarl-cc -Wall -Werror -c main.c
    snarl-cc -Wall -Werror -c add.c -o add.o
    nm add.o | grep -q 'U __tsan_.*write4'
    snarl-cc -o prog main.o add.o
    alone ./prog
    recorded ./prog
}
@test "wrappers: compile, then link" { both two_steps; }

shared_library()
{
    snarl-cc -Wall -Werror -fPIC -shared -Wl,-z,defs -o libadd.so add.c
    snarl-cc -Wall -Werror -o prog main.c -L. -ladd -Wl,-rpath,"$PWD"
    alone ./prog
    recorded ./prog
}
@test "wrappers: a shared library" { both shared_library; }

cplusplus()
{
    snarl-c++ -Wall -Werror -o prog main.cc
    [ "$(./prog)" = caught ]
    [ "$(SNARL_OPTIONS='-o /dev/null/nowhere' ./prog)" = caught ]
}
@test "wrappers: C++ and exceptions" { both cplusplus; }

statics()
{
    snarl-c++ -Wall -Werror -O1 -o statics "$BATS_TEST_DIRNAME/statics.cc"
    run snarl run -- ./statics
    echo "$output"
    [ "$status" = 0 ]
    [[ $output == done* ]]
    [[ $output == *"no findings"* ]]
}
@test "C++: statics, shared_ptr and call_once are ordered" { both statics; }

probes()
{
    [ "$(snarl-cc --version)" = "$("$SNARL_CC" --version)" ]
    [ "$(snarl-cc -dumpmachine)" = "$("$SNARL_CC" -dumpmachine)" ]
    snarl-cc -v 2>&1 | grep -q -i version
    snarl-cc -E -P - </dev/null >out
    [ -z "$(cat out)" ]
    [ -n "$(snarl-cc -print-search-dirs)" ]
    snarl-cc -Werror -S -o - add.c | grep -q __tsan_.*write4
    snarl-cc -Werror -MM add.c | grep -q '^add.o: add.c'
    snarl-cc -Werror -fsyntax-only add.c
    echo 'int main(void) { return 0; }' | snarl-cc -Werror -x c -o empty -
    ./empty
    not snarl-cc -c missing.c 2>/dev/null
}
@test "wrappers: what configure scripts ask" { both probes; }

cmake_project()
{
    printf '%s\n' 'cmake_minimum_required(VERSION 3.20)' 'project(p C CXX)' \
        'add_library(add SHARED add.c)' 'add_executable(prog main.c)' \
        'target_link_libraries(prog add)' >CMakeLists.txt
    rm -rf b
    CC=snarl-cc CXX=snarl-c++ cmake -S . -B b -G Ninja >log 2>&1 || { cat log; return 1; }
    cmake --build b >log 2>&1 || { cat log; return 1; }
    alone b/prog
    recorded b/prog
}
@test "wrappers: a CMake project" { both cmake_project; }

static_link()
{
    run snarl-cc -static -o prog main.c add.c
    [ "$status" = 1 ]
    [[ $output == *"static program cannot be watched"* ]]
}
@test "wrappers: no static programs" { both static_link; }

@test "symbols: all that TSan's run-times export and programs may use" {
    {
        nm -D --defined-only "$BUILD/lib/snarl/libsnarl.so"
        nm -D --defined-only "$BUILD/lib/snarl/stubs/libtsan.so.2"
    } | awk '{ print $3 }' | LC_ALL=C sort -u >have
    LC_ALL=C comm -13 have "$BATS_TEST_DIRNAME/tsan_symbols.txt" >missing
    cat missing
    [ ! -s missing ]
    nm -D --defined-only "$BUILD/lib/snarl/stubs/libclang_rt.tsan-x86_64.so" | grep -q __sanitizer_
}

exotic()
{
    cat >exotic.c <<'END'
#include <sanitizer/common_interface_defs.h>
#include <sanitizer/tsan_interface.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
void AnnotateHappensBefore(const char *, int, const volatile void *);
void AnnotateHappensAfter(const char *, int, const volatile void *);
void AnnotateBenignRaceSized(const char *, int, const volatile void *, long, const char *);
static int order;
static void bye(void) { puts("bye"); }
int main(void)
{
    char bytes[8] = {1, 2, 3, 4}, text[16] = "x";
    atexit(bye);
    AnnotateHappensBefore(__FILE__, __LINE__, &order);
    AnnotateHappensAfter(__FILE__, __LINE__, &order);
    AnnotateBenignRaceSized(__FILE__, __LINE__, &order, 4, "fine");
    __tsan_release(&order);
    __tsan_acquire(&order);
    __tsan_mutex_create(&order, 0);
    __tsan_mutex_pre_lock(&order, 0);
    __tsan_mutex_post_lock(&order, 0, 0);
    __tsan_mutex_pre_unlock(&order, 0);
    __tsan_mutex_post_unlock(&order, 0);
    __tsan_mutex_destroy(&order, 0);
    __sanitizer_unaligned_store32(bytes + 1, 7);
    __sanitizer_set_death_callback(bye);
    __sanitizer_print_stack_trace();
    __sanitizer_symbolize_pc(__builtin_return_address(0), "%p", text, sizeof text);
    printf("%u\n", (unsigned)__sanitizer_unaligned_load32(bytes + 1));
    return 0;
}
END
    local shared=
    [ "$SNARL_CC" = gcc ] || shared=-shared-libsan
    "$SNARL_CC" -g -fsanitize=thread $shared -o exotic exotic.c
    local stubs=$BUILD/lib/snarl/stubs
    rm -f trace
    [ "$(LD_BIND_NOW=1 SNARL_OPTIONS='-o trace' \
        LD_PRELOAD="$BUILD/lib/snarl/libsnarl.so $stubs/libtsan.so.2 $stubs/libclang_rt.tsan-x86_64.so" \
        ./exotic)" = $'7\nbye' ]
    snarl dump trace >events
    [ "$(grep -c ' happens_before annotation ' events)" = 2 ]
    [ "$(grep -c ' happens_after annotation ' events)" = 2 ]
    for kind in object_new acquire release 'object_end'; do
        [ "$(grep -c " $kind user " events)" = 1 ]
    done
    [ "$(grep -c ' benign .* size=4 "fine"' events)" = 1 ]
    snarl-cc -o exotic exotic.c
    [ "$(./exotic)" = $'7\nbye' ]
}
@test "stubs: a program that uses TSan's public interface" { both exotic; }
