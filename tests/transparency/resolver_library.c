/* SPDX-License-Identifier: Apache-2.0 */
/* Its function is chosen while the program is being linked, by a resolver that looks at texts: the
 * libraries before it in the order of search may not be linked themselves yet. */
#include <string.h>

static int chosen(void)
{
    return 1;
}

static int other(void)
{
    return 0;
}

static const char *volatile features = "sse,avx2", *volatile wanted = "avx2";
static char copy[32], more[32];

static int compares(void)
{
    return strlen(features) == 8 && strnlen(features, 3) == 3 && !strcmp(copy, features) &&
           strncmp(copy, wanted, 4) > 0 && !memcmp(copy, "sse", 3);
}

static int finds(void)
{
    return strchr(copy, ',') == copy + 3 && strrchr(copy, 's') == copy + 1 &&
           strstr(copy, wanted) == copy + 4 && memchr(copy, 'x', 9) == copy + 6 &&
           strspn(wanted, "axv") == 3 && strcspn(copy, ",") == 3;
}

int (*resolver(void))(void);
int resolved(void) __attribute__((ifunc("resolver")));

int (*resolver(void))(void)
{
    memcpy(copy, features, 9);
    memset(more, 'x', 4);
    memmove(more + 1, more, 4);
    strncpy(more, wanted, 8);
    strcat(more, ",");
    strcpy(more + 5, "sse");
    return compares() && finds() && !strcmp(more, "avx2,sse") ? chosen : other;
}
