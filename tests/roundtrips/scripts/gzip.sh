# SPDX-License-Identifier: Apache-2.0
# needs: gzip
text 600000 >text; noise 100000 >noise
for level in 1 6 9; do
    watched gzip -n -$level -c text >text.$level.gz
    watched gzip -n -$level -c noise >noise.$level.gz
    watched gzip -d -c text.$level.gz | cmp - text
    watched gzip -d -c noise.$level.gz | cmp - noise
done
watched gzip -l text.6.gz
head -c 20000 text.6.gz >cut.gz
watched gzip -t cut.gz; echo $?
