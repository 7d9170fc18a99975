# SPDX-License-Identifier: Apache-2.0
# needs: tar
mkdir -p tree/a/b tree/c; text 50000 >tree/a/text; noise 20000 >tree/a/b/noise
ln tree/a/text tree/c/hard
ln -s ../a/text tree/c/soft; truncate -s 300000 tree/c/sparse; chmod 640 tree/a/text
fixed=(--sort=name --mtime=@1700000000 --owner=7 --group=8 --numeric-owner)
watched tar "${fixed[@]}" -cf plain.tar tree
watched tar "${fixed[@]}" -S --format=gnu -czf packed.tgz tree
watched tar "${fixed[@]}" --format=posix --pax-option=delete=atime,delete=ctime -cJf packed.txz tree
watched tar -tvf plain.tar
mkdir out; watched tar -xzf packed.tgz -C out; diff -r tree out/tree
stat -c '%a %h %N' out/tree/*/*
watched tar --compare -f packed.txz; echo $?
head -c 30000 plain.tar >cut.tar; watched tar -tf cut.tar; echo $?
