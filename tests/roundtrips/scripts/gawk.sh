# SPDX-License-Identifier: Apache-2.0
# needs: gawk
text 300000 >text
watched gawk '{ for (i = 1; i <= NF; i++) n[$i % 97]++ }
    END { PROCINFO["sorted_in"] = "@ind_num_asc"; for (k in n) print k, n[k] }' text
watched gawk 'BEGIN { print gensub(/(a+)(b+)/, "\\2\\1", "g", "aabbab"), strftime("%F", 0, 1),
    toupper("garlic"), length("abc") }'
watched gawk -M 'BEGIN { PREC = 200; print 2 ^ 300, exp(1) }'
watched gawk 'function f(n) { return n < 2 ? n : f(n - 1) + f(n - 2) }
    BEGIN { print f(20); "echo sub" | getline x; print x; exit 5 }'; echo $?
watched gawk -F'[0-9]' 'NR % 500 == 0 { print NF, substr($0, 3, 4),
    match($0, /7+/), RSTART, RLENGTH }' text
watched gawk 'BEGIN { n = split("z y x w", a); asort(a);
    for (i = 1; i <= n; i++) printf "%s%5.2f", a[i], i / 3; print "" }'
watched gawk 'BEGIN { getline line < "/nowhere"; print ERRNO; print 1 / 0 }'; echo $?
