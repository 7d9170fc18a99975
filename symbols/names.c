/* SPDX-License-Identifier: Apache-2.0 */
/*
 * C++ names are demangled by the run-time library of C++. Rust's older mangling is C++'s, with a
 * hash as the last part and its own escapes for what C++ does not allow in a name; the newer one
 * ("_R...") is left to DWARF, which has the plain name.
 */
#include "symbols/names.h"

#include <dwarf.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { MANGLED_MAX = 8192, RUST_HASH = 3 + 16 /* "::h0123456789abcdef" */ };

char *__cxa_demangle(const char *mangled, char *buffer, size_t *length, int *status);

static bool has_rust_hash(const char *name, size_t length)
{
    const char *hash = name + length - RUST_HASH;
    return length > RUST_HASH && strncmp(hash, "::h", 3) == 0 &&
           strspn(hash + 3, "0123456789abcdef") == RUST_HASH - 3;
}

/* Turns "_$LT$T$u20$as$u20$core..fmt..Debug$GT$::fmt::h0123456789abcdef" into "<T as
 * core::fmt::Debug>::fmt", in place. */
static void unescape_rust(char *name)
{
    static const struct {
        const char *from, *to;
    } escapes[] = {{"$LT$", "<"},  {"$GT$", ">"},  {"$RF$", "&"},  {"$BP$", "*"},
                   {"$C$", ","},   {"$LP$", "("},  {"$RP$", ")"},  {"$SP$", "@"},
                   {"$u20$", " "}, {"$u27$", "'"}, {"$u5b$", "["}, {"$u5d$", "]"},
                   {"$u7b$", "{"}, {"$u7d$", "}"}, {"$u7e$", "~"}, {"..", "::"}};
    name[strlen(name) - RUST_HASH] = '\0';
    char *out = name;
    for (const char *in = name; *in;) {
        size_t i = 0, count = sizeof escapes / sizeof *escapes;
        if (*in == '_' && in[1] == '$' && (in == name || in[-1] == ':'))
            in++;
        while (i < count && strncmp(in, escapes[i].from, strlen(escapes[i].from)) != 0)
            i++;
        if (i == count) {
            *out++ = *in++;
            continue;
        }
        in += strlen(escapes[i].from);
        for (const char *to = escapes[i].to; *to; to++)
            *out++ = *to;
    }
    *out = '\0';
}

/* SYMBOL demangled, or NULL. */
static const char *demangle(struct sn_arena *arena, const char *symbol)
{
    if (strncmp(symbol, "_Z", 2) != 0 || strlen(symbol) > MANGLED_MAX)
        return NULL;
    char *plain = __cxa_demangle(symbol, NULL, NULL, NULL);
    if (!plain)
        return NULL;
    char *clone = strstr(plain, " [clone ");
    if (clone)
        *clone = '\0';
    if (has_rust_hash(plain, strlen(plain)))
        unescape_rust(plain);
    const char *name = sn_strdup(arena, plain);
    free(plain);
    return name;
}

const char *sn_symbol_name(struct sn_arena *arena, const char *symbol)
{
    char *bare = sn_strndup(arena, symbol, strcspn(symbol, "@"));
    const char *plain = demangle(arena, bare);
    if (plain)
        return plain;
    char *suffix = strchr(bare, '.');
    if (suffix && suffix != bare)
        *suffix = '\0';
    return bare;
}

/* In C nothing qualifies a function. */
static bool has_scopes(Dwarf_Die *die)
{
    Dwarf_Die unit;
    int language = dwarf_diecu(die, &unit, NULL, NULL) ? dwarf_srclang(&unit) : -1;
    return language != -1 && language != DW_LANG_C && language != DW_LANG_C89 &&
           language != DW_LANG_C99 && language != DW_LANG_C11 && language != DW_LANG_Mips_Assembler;
}

const char *sn_die_name(struct sn_arena *arena, Dwarf_Die *die)
{
    static const unsigned linkage[] = {DW_AT_linkage_name, DW_AT_MIPS_linkage_name};
    for (size_t i = 0; i < sizeof linkage / sizeof *linkage; i++) {
        Dwarf_Attribute attribute;
        const char *symbol = dwarf_formstring(dwarf_attr_integrate(die, linkage[i], &attribute));
        const char *plain = symbol ? demangle(arena, symbol) : NULL;
        if (plain)
            return plain;
    }
    if (!dwarf_diename(die) || !has_scopes(die))
        return sn_strdup(arena, dwarf_diename(die));
    struct sn_text name = {0};
    sn_die_qualified_name(&name, die, true);
    const char *kept = sn_strndup(arena, name.at, name.length);
    sn_text_release(&name);
    return kept;
}

const char *sn_source_path(struct sn_arena *arena, Dwarf_Die *unit, const char *file)
{
    if (!file || !*file || strcmp(file, "???") == 0)
        return NULL;
    if (*file == '/')
        return sn_strdup(arena, file);
    Dwarf_Attribute attribute;
    const char *directory = dwarf_formstring(dwarf_attr(unit, DW_AT_comp_dir, &attribute));
    if (!directory || *directory != '/') /* libdw has put a relative one before FILE already */
        return sn_strdup(arena, file);
    while (strncmp(file, "./", 2) == 0)
        file += 2;
    return sn_sprintf(arena, "%s/%s", directory, file);
}

const char *sn_declaring_file(struct sn_arena *arena, Dwarf_Die *unit, Dwarf_Die *die)
{
    const char *file = dwarf_decl_file(die);
    Dwarf_Attribute attribute;
    Dwarf_Word number;
    Dwarf_Files *files;
    Dwarf_Die own;
    size_t count;
    /* In DWARF 5 the unit's own file is number 0, which libdw takes for none. */
    if (!file &&
        dwarf_formudata(dwarf_attr_integrate(die, DW_AT_decl_file, &attribute), &number) == 0 &&
        number == 0 && dwarf_diecu(die, &own, NULL, NULL) &&
        dwarf_getsrcfiles(&own, &files, &count) == 0 && count)
        file = dwarf_filesrc(files, 0, NULL, NULL);
    return sn_source_path(arena, unit, file);
}
