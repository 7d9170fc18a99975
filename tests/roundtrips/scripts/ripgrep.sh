# SPDX-License-Identifier: Apache-2.0
# needs: rg
mkdir -p tree/a tree/b; for n in 1 2 3 4 5 6; do text $((n * 20000)) >tree/a/f$n; done
noise 20000 >tree/b/noise
watched rg -j3 --sort path -c '77\d' tree; watched rg -n -o -m 3 '\b[a-z]+9\d' tree/a/f1
watched rg -j2 -l 'garlic|[0-9]{4}' tree | sort
watched rg -U --multiline-dotall -c '1\n.*2' tree/a/f2
watched rg -i -w -v 'a' tree/a/f3 | sha256sum
watched rg --json '999' tree/a/f4 | sed 's/"elapsed.*//' | sha256sum
watched rg 'nowhere at all' tree; echo $?
watched rg '(' tree; echo $?; watched rg --files --sort path tree
