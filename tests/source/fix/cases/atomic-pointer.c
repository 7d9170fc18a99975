/* SPDX-License-Identifier: Apache-2.0 */
/* KIND: data-race */
/* VARIABLE: newest */
/* SITE: 1 read @look look */
/* SITE: 2 write @set set */
/* FIX: atomic */
struct node {
    int value;
};

static struct node *newest;
int look(void);
void set(struct node *node);

int look(void)
{
    if (newest) /* @look */
        return 1;
    return 0;
}

void set(struct node *node)
{
    newest = node; /* @set */
}
