/* SPDX-License-Identifier: Apache-2.0 */
/* What _FORTIFY_SOURCE finds, as each call is: it ends the program, with the same words. */
#undef _FORTIFY_SOURCE
#define _FORTIFY_SOURCE 2
#include "say.h"

#include <wchar.h>

static char small[8];
static wchar_t few[4];
static volatile size_t nine = 9;
static const char *volatile longer = "ninechars", *volatile seven = "sevench";
static const wchar_t *volatile wide = L"wider";

#define CASE(name, call)                                                                           \
    do {                                                                                           \
        if (!strcmp(what, name))                                                                   \
            printf("%s\n", (call) ? "there" : "none");                                             \
    } while (0)

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    strcpy(small, seven);
    CASE("fits", strcpy(small, seven) && snprintf(small, nine - 1, "%s", longer));
    CASE("memcpy", memcpy(small, longer, nine));
    CASE("memmove", memmove(small, longer, nine));
    CASE("memset", memset(small, 1, nine));
    CASE("strcpy", strcpy(small, longer));
    CASE("strncpy", strncpy(small, longer, nine));
    CASE("strcat", strcat(small, seven));
    CASE("strncat", strncat(small, seven, nine));
    CASE("sprintf", sprintf(small, "%s", longer));
    CASE("snprintf", snprintf(small, nine, "%s", longer));
    CASE("wcscpy", wcscpy(few, wide));
    CASE("wmemcpy", wmemcpy(few, wide, nine));
    CASE("read", read(0, small, nine));
    CASE("fgets", fgets(small, (int)nine, stdin));
    return 0;
}
