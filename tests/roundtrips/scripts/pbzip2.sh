# SPDX-License-Identifier: Apache-2.0
# needs: pbzip2
text 900000 >text; noise 300000 >noise
watched pbzip2 -p3 -1 -k -c text >text.bz2
watched pbzip2 -p2 -b1 -k -c noise >noise.bz2
watched pbzip2 -d -p3 -c text.bz2 | cmp - text
watched pbzip2 -d -p2 -c noise.bz2 | cmp - noise
watched pbzip2 -t text.bz2; echo $?
head -c 100000 noise.bz2 >cut.bz2
watched pbzip2 -t cut.bz2 2>/dev/null; echo $?
