/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which files are mapped where, told to the trace: at the start, and again when a stack shows an
 * address that no known module holds (something was dlopened since).
 */
#include "interpose/access/requests.h"
#include "interpose/core/ring.h"

#include <elf.h>
#include <link.h>

#include "interpose/core/poison.h"

enum { MODULES = 1024, PATH = 1024, BUILD_ID = 32 };

static struct module {
    uint64_t base, start, end;
    uint8_t source; /* enum tr_access_source */
} known[MODULES];
static uint32_t known_count;
static bool any_covered;
static int busy; /* one thread at a time; who comes second leaves it to the first */

struct finding {
    struct rec_stream *s;
    unsigned index;
};

static bool is_known(uint64_t start, uint64_t end)
{
    uint32_t count = __atomic_load_n(&known_count, __ATOMIC_ACQUIRE);
    for (uint32_t i = 0; i < count && i < MODULES; i++)
        if (known[i].start == start && known[i].end == end)
            return true;
    return false;
}

static uint8_t *put_build_id(uint8_t *p, const struct dl_phdr_info *info)
{
    for (unsigned i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        if (segment->p_type != PT_NOTE)
            continue;
        const uint8_t *at = (const uint8_t *)(info->dlpi_addr + segment->p_vaddr);
        const uint8_t *end = at + segment->p_memsz;
        while (at + sizeof(ElfW(Nhdr)) <= end) {
            const ElfW(Nhdr) *note = (const ElfW(Nhdr) *)at;
            const uint8_t *name = at + sizeof *note;
            const uint8_t *bytes = name + ((note->n_namesz + 3u) & ~3u);
            at = bytes + ((note->n_descsz + 3u) & ~3u);
            if (note->n_type != NT_GNU_BUILD_ID || note->n_namesz != 4 || name[0] != 'G' ||
                at > end)
                continue;
            uint8_t length = note->n_descsz > BUILD_ID ? BUILD_ID : (uint8_t)note->n_descsz;
            *p++ = length;
            for (unsigned b = 0; b < length; b++)
                *p++ = bytes[b];
            return p;
        }
    }
    *p++ = 0;
    return p;
}

static void tell(struct rec_stream *s, const struct dl_phdr_info *info, const char *path,
                 const struct module *module)
{
    uint8_t bytes[1 + BUILD_ID + PATH], *p = put_build_id(bytes, info);
    while (*path && p < bytes + sizeof bytes)
        *p++ = (uint8_t)*path++;
    rec_ring_keep(s, &(struct tr_event){.kind = TR_MODULE,
                                        .mode = module->source,
                                        .object = module->base,
                                        .a0 = module->start,
                                        .a1 = module->end,
                                        .bytes = bytes,
                                        .bytes_length = (uint32_t)(p - bytes)});
}

/* Not the system's: those are many, and have nothing to tell. */
static bool is_programs_own(const char *path)
{
    static const char *const systems[] = {"/lib/", "/lib64/", "/usr/lib/"};
    for (unsigned i = 0; i < sizeof systems / sizeof *systems; i++) {
        unsigned n = 0;
        while (systems[i][n] && path[n] == systems[i][n])
            n++;
        if (!systems[i][n])
            return false;
    }
    return path[0] == '/' || path[0] == '.';
}

static int each(struct dl_phdr_info *info, size_t size, void *data)
{
    (void)size;
    struct finding *finding = data;
    unsigned index = finding->index++;
    uint64_t start = UINT64_MAX, end = 0;
    for (unsigned i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        if (segment->p_type != PT_LOAD)
            continue;
        uint64_t low = info->dlpi_addr + segment->p_vaddr;
        start = low < start ? low : start;
        end = low + segment->p_memsz > end ? low + segment->p_memsz : end;
    }
    const char *path = index ? info->dlpi_name : rec_header->program;
    if (start >= end || !path || !*path || is_known(start, end) || known_count == MODULES)
        return 0;
    struct module *module = &known[known_count];
    /* A fork child tells the same modules in the same order: what they are covered by stays. */
    uint8_t source = module->start == start && module->end == end ? module->source : TR_SOURCE_NONE;
    *module = (struct module){info->dlpi_addr, start, end, source};
    tell(finding->s, info, path, module);
    if (rec_thread_count() <= 1 && (!index || is_programs_own(path)))
        rec_requests_find(info);
    __atomic_store_n(&known_count, known_count + 1, __ATOMIC_RELEASE);
    return 0;
}

void rec_modules_start(struct rec_stream *s)
{
    if (__atomic_exchange_n(&busy, 1, __ATOMIC_ACQUIRE))
        return;
    dl_iterate_phdr(each, &(struct finding){.s = s});
    __atomic_store_n(&busy, 0, __ATOMIC_RELEASE);
}

static struct module *module_of(uint64_t pc)
{
    uint32_t count = __atomic_load_n(&known_count, __ATOMIC_ACQUIRE);
    for (uint32_t i = 0; i < count; i++)
        if (pc - known[i].start < known[i].end - known[i].start)
            return &known[i];
    return NULL;
}

void rec_modules_check(struct rec_stream *s, uint64_t pc)
{
    if (!module_of(pc))
        rec_modules_start(s);
}

enum tr_access_source rec_module_source(uint64_t pc)
{
    const struct module *module = any_covered ? module_of(pc) : NULL;
    return module ? module->source : TR_SOURCE_NONE;
}

void rec_module_covered(struct rec_stream *s, uint64_t pc, enum tr_access_source source)
{
    rec_modules_check(s, pc);
    struct module *module = module_of(pc);
    if (!module || module->source == source)
        return;
    module->source = (uint8_t)source;
    any_covered = true;
    rec_config.heap = true;
    rec_ring_keep(
        s, &(struct tr_event){.kind = TR_COVERAGE, .mode = source, .object = module->base});
}

void rec_modules_reset(void)
{
    known_count = 0;
    busy = 0;
}
