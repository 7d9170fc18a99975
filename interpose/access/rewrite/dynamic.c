/* SPDX-License-Identifier: Apache-2.0 */
#include "interpose/access/rewrite/dynamic.h"

#include "interpose/core/poison.h"

static void read_entry(struct rec_dynamic *dynamic, const Elf64_Dyn *entry)
{
    uint64_t value = entry->d_un.d_val;
    const void *at = (const void *)(value < dynamic->base ? value + dynamic->base : value);
    switch (entry->d_tag) {
    case DT_SYMTAB:
        dynamic->symbols = at;
        break;
    case DT_STRTAB:
        dynamic->names = at;
        break;
    case DT_JMPREL:
        dynamic->relocations[0] = at;
        break;
    case DT_PLTRELSZ:
        dynamic->counts[0] = value / sizeof(Elf64_Rela);
        break;
    case DT_RELA:
        dynamic->relocations[1] = at;
        break;
    case DT_RELASZ:
        dynamic->counts[1] = value / sizeof(Elf64_Rela);
        break;
    default:
        break;
    }
}

bool rec_dynamic_read(struct rec_dynamic *dynamic, const Elf64_Dyn *section, uint64_t base)
{
    *dynamic = (struct rec_dynamic){.base = base};
    for (; section && section->d_tag != DT_NULL; section++)
        read_entry(dynamic, section);
    for (unsigned i = 0; i < 2; i++)
        if (!dynamic->relocations[i])
            dynamic->counts[i] = 0;
    return dynamic->symbols && dynamic->names;
}
