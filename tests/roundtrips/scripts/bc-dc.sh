# SPDX-License-Identifier: Apache-2.0
# needs: bc dc
watched bc -l <<<'scale=60; 4*a(1); e(1); l(2); 2^400;
    define f(n) { if (n < 2) return n; return f(n-1)+f(n-2); } f(16); obase=16; 255; 1/0'
watched dc -e '100 k 2 v p 3 5 ^ p [la 1 + d sa p 5 >x] sx 0 sa lx x'; echo $?
