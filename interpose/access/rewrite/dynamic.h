/* SPDX-License-Identifier: Apache-2.0 */
/* What a module imports: the tables that its dynamic section names. */
#ifndef REC_ACCESS_REWRITE_DYNAMIC_H
#define REC_ACCESS_REWRITE_DYNAMIC_H

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rec_dynamic {
    uint64_t base;
    const Elf64_Sym *symbols;
    const char *names;
    const Elf64_Rela *relocations[2]; /* of calls, of others */
    uint64_t counts[2];
};

/* False if there are no symbols. SECTION, which may be NULL, is that of a module at BASE, as in its
 * file or as the linker has changed it. */
bool rec_dynamic_read(struct rec_dynamic *dynamic, const Elf64_Dyn *section, uint64_t base);

/* The name of what ENTRY puts an address of somewhere, or NULL: it does something else. */
static inline const char *rec_dynamic_name(const struct rec_dynamic *dynamic,
                                           const Elf64_Rela *entry)
{
    uint64_t type = ELF64_R_TYPE(entry->r_info);
    if (type != R_X86_64_JUMP_SLOT && type != R_X86_64_GLOB_DAT)
        return NULL;
    return dynamic->names + dynamic->symbols[ELF64_R_SYM(entry->r_info)].st_name;
}

#endif
