# SPDX-License-Identifier: Apache-2.0
# needs: mawk
# quick
text 300000 >text
watched mawk '{ n[length($0)]++; s += $1 }
    END { for (i = 0; i < 100; i++) if (i in n) print i, n[i]; print s }' text
watched mawk 'function f(n) { return n < 2 ? n : f(n - 1) + f(n - 2) }
    BEGIN { print f(20); exit 5 }'; echo $?
watched mawk '{ gsub(/[0-9]+7/, "<&>"); print }' text | sha256sum
watched mawk 'BEGIN { printf "%d %s %e %c\n", 42.9, "x", 1e10 / 3, 65;
    while (("seq 3" | getline x) > 0) print x; print 1 / 0 }'; echo $?
