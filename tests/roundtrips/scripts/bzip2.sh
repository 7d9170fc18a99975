# SPDX-License-Identifier: Apache-2.0
# needs: bzip2
text 300000 >text; noise 100000 >noise
watched bzip2 -k -c text >text.bz2
watched bzip2 -1 -k -c noise >noise.bz2
watched bzip2 -d -c text.bz2 | cmp - text
watched bzip2 -s -d -c noise.bz2 | cmp - noise
watched bzip2 -t text.bz2 noise.bz2; echo $?
head -c 20000 noise.bz2 >cut.bz2
watched bzip2 -t cut.bz2; echo $?
watched bzip2recover noise.bz2
