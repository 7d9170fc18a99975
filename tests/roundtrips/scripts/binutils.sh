# SPDX-License-Identifier: Apache-2.0
# needs: objdump nm readelf strip objcopy ar c++filt
# patience: 200
cp /usr/bin/sort program; cp /usr/lib/x86_64-linux-gnu/libstdc++.so.6 library
watched objdump -d --no-show-raw-insn program | sha256sum
watched objdump -x -s -j .rodata program | sha256sum
watched nm -D --defined-only library | sha256sum
watched nm -D -C library | watched c++filt | sha256sum
watched readelf -a -W program | sha256sum; watched readelf --debug-dump=frames program | sha256sum
watched objcopy --remove-section=.comment program changed; watched strip program
watched size program
watched strings -n 8 program | sha256sum; watched addr2line -e program 0x4000; watched nm program
echo $?
printf 'int f(void) { return 7; }\n' >f.c; gcc -c f.c; watched ar rcsD libf.a f.o
watched ar tv libf.a
printf 'int f(void); int main(void) { return f(); }\n' >m.c; gcc -c m.c
watched ld -r -o both.o m.o f.o; watched ld -e main -o linked m.o -L. -lf; watched ld -o bad m.o
echo $?
rm -f bad
