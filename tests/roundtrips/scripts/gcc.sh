# SPDX-License-Identifier: Apache-2.0
# needs: gcc ld as
# patience: 600
cat >a.c <<'C'
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
struct node { struct node *left, *right; int key; };
static struct node *insert(struct node *n, int key)
{
    if (!n) { n = calloc(1, sizeof *n); n->key = key; return n; }
    if (key < n->key) n->left = insert(n->left, key); else n->right = insert(n->right, key);
    return n;
}
static long total(const struct node *n)
    { return n ? n->key + total(n->left) + total(n->right) : 0; }
double mixed(const float *a, int n)
    { double s = 0; for (int i = 0; i < n; i++) s += a[i] * 2; return s; }
int kind(int c) { switch (c) { case 1: return 7; case 2: return 9;
    case 3: return 1; case 4: return 5;
                  case 5: return 2; case 9: return 3; default: return c % 7; } }
int main(int argc, char **argv)
{
    struct node *root = NULL; float f[9] = {1, 2, 3};
    for (int i = 0; i < 1000; i++) root = insert(root, i * 7919 % 1009);
    printf("%ld %.1f %d %s\n", total(root), mixed(f, 9),
    kind(argc + 3), argc > 1 ? argv[1] : "none");
    return (int)strlen("garlic");
}
C
for level in -O0 -O2 "-O3 -march=haswell -g"; do
    # shellcheck disable=SC2086
    watched gcc $level -Wall -c a.c -o a.o && sha256sum a.o
    watched gcc a.o -o a && sha256sum a; ./a x; echo $?
done
watched gcc -E -dM -x c /dev/null | sha256sum
printf 'int f(int x) { return x + y; }\n' >bad.c; watched gcc -c bad.c; echo $?
watched gcc -flto -O2 -o a a.c && ./a y; rm -f a
