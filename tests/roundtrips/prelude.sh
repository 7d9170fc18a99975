# SPDX-License-Identifier: Apache-2.0
# What scripts/*.sh can use: text that compresses and noise that does not, the same each time.
#     prelude.sh SCRIPT
# In front of a command, `watched` (of PATH) runs it natively or recorded, as the round has it.
text()
{
    /usr/bin/python3.11 -I -c 'import sys
for n in range(int(sys.argv[1]) // 20):
    print(n * 7919 % 10007, "abcdefgh"[n % 8] * (n % 5), n)' "$1"
}
noise()
{
    /usr/bin/python3.11 -I -c 'import random, sys
sys.stdout.buffer.write(random.Random(1).randbytes(int(sys.argv[1])))' "$1"
}
. "$1"
