# SPDX-License-Identifier: Apache-2.0
# needs: pigz
text 600000 >text; noise 300000 >noise
watched pigz -n -p 3 -b 128 -k -c text >text.gz
watched pigz -n -p 2 -9 -k -c noise >noise.gz
watched pigz -n -p 3 -z -k -c text >text.zz
watched pigz -n -p 2 -11 -k -c noise >best.gz
watched pigz -d -c text.gz | cmp - text
watched pigz -d -c -p 4 noise.gz | cmp - noise
watched pigz -d -c text.zz | cmp - text
watched pigz -l text.gz
watched pigz -t best.gz; echo $?
head -c 40000 text.gz >cut.gz
watched pigz -t cut.gz; echo $?
watched pigz -d nowhere; echo $?
