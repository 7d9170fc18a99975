# SPDX-License-Identifier: Apache-2.0
# needs: bash
cat >all.bash <<'B'
set -u
declare -A map=([garlic]=7 [pencil]=1); for k in garlic pencil; do echo "$k ${map[$k]}"; done
fib() { local n=$1; ((n < 2)) && { echo "$n"; return; }
    echo $(($(fib $((n - 1))) + $(fib $((n - 2))))); }
fib 8
trap 'echo "got USR1"' USR1; kill -USR1 $$; trap 'echo at exit' EXIT
x="a.b.c"; echo "${x%%.*} ${x##*.} ${x//./-} ${x^^} ${#x} ${x:2:1}"
mapfile -t lines < <(seq 5); echo "${lines[@]:1:3}"
[[ "key=value" =~ ^([a-z]+)=(.*)$ ]] && echo "${BASH_REMATCH[@]}"
for i in {1..3}; do (echo "child $i"; exit "$i"); echo $?; done
sleep 0.1 & wait $!; echo waited
printf '%q %05d %x\n' "a b" 42 255; s=0; for ((i = 0; i < 20000; i++))
do s=$(((s * 31 + i) % 10007)); done; echo $s
cat <<< "here"; echo {a..e}{1,2}; shopt -s extglob; case foobar in +(foo|bar)) echo glob;; esac
coproc cat; echo through >&"${COPROC[1]}"; read -r line <&"${COPROC[0]}"; echo "$line"
exec 3>&1; echo three >&3; nowhere_command 2>/dev/null; echo $?; exit 9
B
watched bash all.bash; echo $?
watched bash -c 'kill -TERM $$'; echo $?
watched bash -n all.bash; echo $?
