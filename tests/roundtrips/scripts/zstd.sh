# SPDX-License-Identifier: Apache-2.0
# needs: zstd
# patience: 300
text 900000 >text; noise 300000 >noise
watched zstd -q -T2 -9 -k -c text >text.zst
watched zstd -q -T2 --ultra -20 --long -k -c noise >noise.zst
watched zstd -q --fast=3 -k -c text >fast.zst
for level in 1 3 5 7 13 16; do
    watched zstd -q -$level -k -c text >level.$level.zst
    watched zstd -q -d -c level.$level.zst | cmp - text
done
watched zstd -q -d -c text.zst | cmp - text
watched zstd -q -d -c noise.zst | cmp - noise
watched zstd -q -d -c fast.zst | cmp - text
split -b 3000 text part.
watched zstd -q --train part.* -o dictionary --maxdict=20000
watched zstd -q -D dictionary -c part.aa >part.zst
watched zstd -q -d -D dictionary -c part.zst | cmp - part.aa
watched zstd -q --format=gzip -c text >text.gz
watched zstd -q -d -c text.gz | cmp - text
head -c 20000 text.zst >cut.zst
watched zstd -q -t cut.zst; echo $?
