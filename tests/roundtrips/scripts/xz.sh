# SPDX-License-Identifier: Apache-2.0
# needs: xz
text 900000 >text; noise 200000 >noise; cat /usr/bin/sort >code
watched xz -T2 --block-size=200000 -2 -k -c text >text.xz
watched xz -9e -k -c noise >noise.xz
watched xz --x86 --lzma2=preset=3 -k -c code >code.xz
watched xz --format=lzma -k -c text >text.lzma
watched xz --delta=dist=4 --lzma2 --check=sha256 -k -c noise >delta.xz
watched xz -d -T2 -c text.xz | cmp - text
watched xz -d -c noise.xz | cmp - noise
watched xz -d -c code.xz | cmp - code
watched xz -d -c text.lzma | cmp - text
watched xz -d -c delta.xz | cmp - noise
watched xz --robot -l text.xz code.xz
head -c 10000 noise.xz >cut.xz
watched xz -t cut.xz; echo $?
