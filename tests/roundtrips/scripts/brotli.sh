# SPDX-License-Identifier: Apache-2.0
# needs: brotli
text 300000 >text; noise 100000 >noise
for quality in 0 2 5 9 11; do
    watched brotli -q $quality -c text >text.$quality.br
    watched brotli -q $quality -c noise >noise.$quality.br
    watched brotli -d -c text.$quality.br | cmp - text
    watched brotli -d -c noise.$quality.br | cmp - noise
done
head -c 2000 text.5.br >cut.br
watched brotli -t cut.br; echo $?
