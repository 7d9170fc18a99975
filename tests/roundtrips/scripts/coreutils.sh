# SPDX-License-Identifier: Apache-2.0
# needs: sort
text 300000 >text; noise 60000 >noise
watched sort --parallel=3 -S 1M text >sorted
watched sort -n -r -k 2,2 -u text >numbers
watched sort -V text | sha256sum
watched uniq -c sorted | tail -3
watched comm -12 sorted <(sort -u text) | wc
watched join <(seq 100 | sort) <(seq 50 150 | sort) | wc
watched cut -c 2-9 text | watched tr 'a-m0-4' 'n-z5-9' | watched md5sum
for digest in sha1sum sha224sum sha256sum sha512sum b2sum cksum sum; do watched $digest noise; done
watched cksum -a sha384 noise
watched od -A x -t x4z noise | tail -5
watched base64 noise >noise.64
watched base64 -d noise.64 | cmp - noise
watched basenc --z85 noise >noise.85
watched split -n 4 -d noise part.
watched cat part.* | cmp - noise
watched factor 2305843009213693951 600851475143 18446744073709551617
watched shuf --random-source=noise -i 1-2000 | watched nl | tail -3
watched paste -d: <(seq 5) <(seq 6 10); watched tac text | watched rev | head -2
watched fmt -w 40 text | watched expand | watched fold -w 33 | watched pr -n | wc
watched numfmt --to=iec 123456789 1024; watched expr 6 \* 7; watched seq -w 1 0.5 3
watched date -u -d '2023-11-14 22:13:20 +3 days' +%s; watched printf '%5.3e %s\n' 3.14159 x
watched tsort <<<"a b b c c d"; watched dd if=noise bs=1000 count=7 status=none | watched wc -c
watched ls -la --time-style=+ nowhere; echo $?; watched stat -c '%s %F' noise
watched env -i A=1 env
watched timeout 0.2 sleep 5; echo $?; watched test -e nowhere; echo $?; watched nproc --all >nothing
watched cp -r . ../copy; watched rm -r ../copy; watched ln -s text link; watched readlink link
