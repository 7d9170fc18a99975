# SPDX-License-Identifier: Apache-2.0
# needs: lz4
text 900000 >text; noise 300000 >noise
for level in 1 4 9 12; do
    watched lz4 -q -$level -c text >text.$level.lz4
    watched lz4 -q -$level -B4 -BD -c noise >noise.$level.lz4
    watched lz4 -q -d -c text.$level.lz4 | cmp - text
    watched lz4 -q -d -c noise.$level.lz4 | cmp - noise
done
head -c 20000 text.1.lz4 >cut.lz4
watched lz4 -q -t cut.lz4; echo $?
