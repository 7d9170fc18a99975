# SPDX-License-Identifier: Apache-2.0
# needs: sed grep diff patch find
text 200000 >old; sed -e 's/7/seven/' -e '/99/d' old >new
watched sed -n -E '/([0-9])\1/{s/([0-9])\1/<&>/gp}' old | sha256sum
watched sed -e '1!G;h;$!d' <(head -500 old) | sha256sum
watched sed -i.bak -e 's/a\(b*\)/\1/g; y/abc/xyz/' new
watched grep -c -E '(12|3[45])+6' old; watched grep -n -o -w '[0-9]*77' old | tail -4
watched grep -P '(?<=1)2(?!3)' old | sha256sum; watched grep -r -l -F seven . | sort
watched grep nothing old; echo $?
watched grep -i -v -f <(printf 'a\nb\n') old | wc; watched grep '[' old; echo $?
watched diff -u --label a --label b old new >changes; echo $?
watched diff -y -W 60 <(seq 20) <(seq 3 2 25); watched diff3 <(seq 5) <(seq 6) <(seq 2 7)
cp old patched; watched patch -s patched changes; cmp patched new
watched cmp old new; echo $?; mkdir -p d/e; touch -d @1700000000 d/x d/e/y
watched find d -type f -newermt 2020-01-01 -printf '%p %s %T@\n' | sort
seq 100 | watched xargs -n 7 -P 2 | wc
watched find . -name '*.bak' -exec sha256sum {} +
