# SPDX-License-Identifier: Apache-2.0
# needs: cmake ninja gcc
# rewrite: libarchive*,libcurl*,libuv*,librhash*,libjsoncpp*,libexpat*,libz*,libstdc++*
# patience: 600
mkdir src; printf 'int g(void) { return 42; }\n' >src/g.c
printf '#include <stdio.h>\nint g(void);\n' >src/m.c
printf 'int main(void) { printf("%%d\\n", g()); return 3; }\n' >>src/m.c
printf 'cmake_minimum_required(VERSION 3.20)\nproject(p C)\n' >src/CMakeLists.txt
printf 'add_library(g STATIC g.c)\n' >>src/CMakeLists.txt
printf 'add_executable(m m.c)\ntarget_link_libraries(m g)\n' >>src/CMakeLists.txt
printf 'file(GLOB all *.c)\nmessage(STATUS "${all}")\n' \
    >>src/CMakeLists.txt
watched cmake -G Ninja -S src -B out -DCMAKE_C_COMPILER=gcc -DCMAKE_BUILD_TYPE=Release |
    sed "s,$PWD,HERE,g"
watched ninja -C out -j2 | sed 's/^\[[^]]*\] .*/step/'
out/m; echo $?
touch src/g.c; watched ninja -C out -n | tail -1
watched ninja -C out -t targets all | sort; watched ninja -C out nowhere; echo $?
watched cmake -E sha256sum src/g.c src/m.c; watched cmake -P nowhere.cmake; echo $?
rm -rf out
