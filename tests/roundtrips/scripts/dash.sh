# SPDX-License-Identifier: Apache-2.0
# needs: dash
# quick
cat >all.sh <<'D'
set -eu
f() { if [ "$1" -gt 1 ]; then echo "$1"; f $(($1 - 1)); fi; }
f 10; x=a.b.c; echo "${x%%.*} ${x#*.} ${#x}"
i=0; s=0; while [ $i -lt 20000 ]; do s=$(((s * 31 + i) % 10007)); i=$((i + 1)); done; echo $s
trap 'echo signal' USR1; kill -USR1 $$; trap 'echo at exit' EXIT
for w in one "two words"; do (echo "child $w"); done; echo `echo old style` | tr a-z A-Z
case abc in a*) echo glob;; esac; printf '%s|%5d\n' x 42; set -- a b c; shift; echo "$@"
cat <<END
here $x
END
false || echo or; exit 9
D
watched dash all.sh; echo $?
watched dash -c 'kill -TERM $$'; echo $?
