/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which files are mapped where, told to the trace: all at the start, and one more when a stack
 * shows an address that no known module holds (something was dlopened since). dlopen itself is not
 * hooked: it searches where its caller says, and looks at the return address to know who that is.
 * The end of a module is told behind the dlclose that brought it about.
 *
 * Only at the start is the linker asked for all it has. That takes its lock, which in a fork child
 * may be held for ever, by a thread that was inside dlopen. So what a module is, is kept here: a
 * child tells its parent's modules again, and libunwind finds its tables by them. Later ones are
 * found by an address in them, without a lock, in whatever namespace.
 */
#include "interpose/access/requests.h"
#include "interpose/access/rewrite/rewrite.h"
#include "interpose/core/follow.h"
#include "interpose/core/ring.h"

#include <elf.h>
#include <link.h>

#include "interpose/core/poison.h"

enum {
    MODULES = 4000,
    PATH = 1024,
    BUILD_ID = 32,
    SEGMENTS = 32,
    PAGES = 256,
    INDEX_BITS = 12,
    TURN_BITS = 16,
    SLAB = 64 << 10,
    SLABS = 256
};

/* What stays the same however often, and wherever, a file is loaded. Never changed, never freed. */
struct identity {
    uint32_t length; /* of bytes: build-id and path, as a MODULE has them */
    uint16_t segments;
    uint16_t path; /* where in bytes */
    uint8_t bytes[1 + BUILD_ID + PATH + 1];
    ElfW(Phdr) segment[SEGMENTS];
};

/* A module that is gone has size 0; its place is taken by a later one, of the same file first. */
static struct module {
    uint64_t base, start, size;
    const struct identity *identity;
    uint8_t source; /* enum tr_access_source */
    bool late;      /* not there from the start: it may go */
    bool own;       /* the program's, not the system's */
    bool fresh;     /* none of its code has run */
    bool tried;     /* to rewrite it */
} known[MODULES];
static uint32_t known_count;
bool rec_any_tells;
static bool forked;         /* a fork child: the linker may be locked for ever */
static int busy;            /* one thread at a time; who comes second leaves it to the first */
static uint64_t generation; /* grows when a module has gone */
static uint64_t turn;       /* grows with every change of what is known */
/* Which module holds a page: page, turn, and the module's place plus 1 (0: none). */
static uint64_t pages[PAGES];

static bool is_known(uint64_t start, uint64_t end)
{
    uint32_t count = __atomic_load_n(&known_count, __ATOMIC_ACQUIRE);
    for (uint32_t i = 0; i < count && i < MODULES; i++)
        if (known[i].start == start && known[i].size == end - start)
            return true;
    return false;
}

static bool is_mapped_at(uint64_t base)
{
    uint32_t count = __atomic_load_n(&known_count, __ATOMIC_ACQUIRE);
    for (uint32_t i = 0; i < count && i < MODULES; i++)
        if (known[i].base == base && known[i].size)
            return true;
    return false;
}

static uint8_t *put_build_id(uint8_t *p, const struct dl_phdr_info *info)
{
    for (unsigned i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        if (segment->p_type != PT_NOTE || segment->p_memsz > 4096)
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

static void identify(struct identity *identity, const struct dl_phdr_info *info, const char *path)
{
    uint8_t *p = put_build_id(identity->bytes, info);
    identity->path = (uint16_t)(p - identity->bytes);
    while (*path && p < identity->bytes + sizeof identity->bytes - 1)
        *p++ = (uint8_t)*path++;
    *p = 0;
    identity->length = (uint32_t)(p - identity->bytes);
    identity->segments = info->dlpi_phnum < SEGMENTS ? info->dlpi_phnum : SEGMENTS;
    for (unsigned i = 0; i < identity->segments; i++)
        identity->segment[i] = info->dlpi_phdr[i];
}

static bool same_bytes(const void *a, const void *b, uint64_t size)
{
    const uint8_t *x = a, *y = b;
    while (size && *x == *y)
        x++, y++, size--;
    return !size;
}

static bool same_identity(const struct identity *a, const struct identity *b)
{
    return a->length == b->length && a->segments == b->segments &&
           same_bytes(a->bytes, b->bytes, a->length) &&
           same_bytes(a->segment, b->segment, a->segments * sizeof *a->segment);
}

/* A copy for ever; NULL if memory is short. */
static const struct identity *keep(const struct identity *identity)
{
    static uint8_t *at, *end;
    static unsigned slabs;
    if ((uint64_t)(end - at) < sizeof *identity) {
        uint8_t *slab = slabs < SLABS ? rec_sys_memory(SLAB) : NULL;
        if (!slab)
            return NULL;
        slabs++;
        at = slab;
        end = slab + SLAB;
    }
    struct identity *kept = (struct identity *)at;
    at += sizeof *identity;
    *kept = *identity;
    return kept;
}

static void tell(struct rec_stream *s, const struct module *module, uint64_t size)
{
    rec_ring_keep(s, &(struct tr_event){.kind = TR_MODULE,
                                        .mode = module->source,
                                        .object = module->base,
                                        .a0 = module->start,
                                        .a1 = module->start + size,
                                        .bytes = module->identity->bytes,
                                        .bytes_length = module->identity->length});
}

/* Not the system's: those are many, and have nothing to tell. */
static bool is_programs_own(const char *path)
{
    static const char *const systems[] = {"/lib/", "/lib64/", "/usr/lib/"};
    for (unsigned i = 0; i < sizeof systems / sizeof *systems; i++)
        if (rec_behind(path, systems[i]))
            return false;
    return path[0] == '/' || path[0] == '.';
}

/* What we stand on ourselves: the C library, the linker, and what is opened for us. */
static bool is_never_rewritten(const char *path)
{
    static const char never[] = "libc.so*,libpthread*,libdl.so*,ld-linux*,libsnarl.so,libunwind*,"
                                "libZydis*,libZycore*,libtsan*,libclang_rt.tsan*,linux-vdso*";
    return rec_is_listed(never, path, false);
}

/* The place for one of this IDENTITY, or NULL: none of another file while there is a new one, so
 * that a few that come and go in turn are kept once. */
static struct module *place(const struct identity *identity)
{
    struct module *found = NULL;
    for (uint32_t i = 0; i < known_count; i++) {
        if (known[i].size)
            continue;
        found = &known[i];
        if (same_identity(known[i].identity, identity))
            return found;
    }
    struct module *taken = known_count < MODULES ? &known[known_count] : found;
    const struct identity *kept = taken ? keep(identity) : NULL;
    if (!kept)
        return NULL;
    taken->identity = kept;
    return taken;
}

/* How many functions stay as they are, and why; returns its length, 0 if there are none. */
static uint32_t tell_left(const struct rw_counts *counts, char *text, uint32_t size)
{
    static const char *const why[RW_REASON_COUNT] = {
        [RW_NO_FRAME] = "their frames",
        [RW_NO_DECODE] = "an instruction that cannot be moved",
        [RW_NO_BRANCH] = "a jump into an instruction",
        [RW_NO_UNWIND] = "unwinding from within an instruction",
        [RW_NO_WISH] = "request",
    };
    uint64_t all = 0;
    uint32_t length = 0;
    for (unsigned i = 0; i < RW_REASON_COUNT; i++)
        all += i == RW_LINKERS ? 0 : counts->functions[i];
    uint64_t left = all - counts->functions[RW_MOVED];
    if (left)
        length = rec_text(text, 0, size, "%u of %u functions are not rewritten: ", left, all);
    for (unsigned i = RW_MOVED + 1, parts = 0; i < RW_REASON_COUNT; i++)
        if (why[i] && counts->functions[i])
            length = rec_text(text, length, size, "%s%u for %s", parts++ ? ", " : "",
                              (uint64_t)counts->functions[i], why[i]);
    return length;
}

static const char *path_of(const struct module *module)
{
    return (const char *)module->identity->bytes + module->identity->path;
}

static struct dl_phdr_info info_of(const struct module *module)
{
    return (struct dl_phdr_info){.dlpi_addr = module->base,
                                 .dlpi_name = path_of(module),
                                 .dlpi_phdr = module->identity->segment,
                                 .dlpi_phnum = module->identity->segments};
}

/* If that is wanted, and nobody else can be running in it. Handlers wait: there are moments in
 * which its code cannot be executed, and what they do would not be recorded. */
static void rewrite(struct rec_stream *s, struct module *module)
{
    struct rw_coverage coverage = {0};
    struct rw_counts counts;
    char text[256];
    if (!rec_config.rewrite || (rec_thread_count() > 1 && !module->fresh) || module->tried ||
        !rec_is_listed(rec_config.rewrite_also, path_of(module), module->own) ||
        is_never_rewritten(path_of(module)))
        return;
    module->tried = true;
    struct dl_phdr_info info = info_of(module);
    uint64_t blocked = rec_sys_mask(~REC_FAULTS);
    const char *reason = rec_rewrite(&info, !module->fresh, &coverage, &counts);
    rec_sys_mask(blocked);
    if (rec_config.accesses != TR_SOURCE_REWRITE)
        return;
    if (!reason) {
        module->source = TR_SOURCE_REWRITE;
        __atomic_store_n(&rec_any_tells, true, __ATOMIC_RELAXED);
    }
    uint32_t length = reason ? rec_text(text, 0, sizeof text, "not rewritten: %s", reason)
                             : tell_left(&counts, text, sizeof text);
    rec_ring_keep(s, &(struct tr_event){.kind = TR_COVERAGE,
                                        .mode = module->source,
                                        .object = module->base,
                                        .a0 = coverage.sites,
                                        .a1 = coverage.covered,
                                        .bytes = (const uint8_t *)text,
                                        .bytes_length = length});
}

static void add(struct rec_stream *s, const struct dl_phdr_info *info, const char *path,
                uint64_t start, uint64_t end, bool is_program, bool is_fresh)
{
    static struct identity identity; /* too large for a signal stack; one thread at a time */
    identify(&identity, info, path);
    struct module *module = place(&identity);
    if (!module)
        return;
    module->base = info->dlpi_addr;
    module->start = start;
    module->source = TR_SOURCE_NONE;
    module->late = rec_live.on;
    module->own = is_program || is_programs_own(path);
    module->fresh = is_fresh;
    module->tried = false;
    rec_stamp(s);
    tell(s, module, end - start);
    /* Who finds it has to see that time has gone on; who has not found it has to look again. */
    __atomic_fetch_add(&turn, 1, __ATOMIC_RELEASE);
    __atomic_store_n(&module->size, end - start, __ATOMIC_RELEASE);
    if (module == &known[known_count])
        __atomic_store_n(&known_count, known_count + 1, __ATOMIC_RELEASE);
    if ((rec_thread_count() <= 1 || is_fresh) && module->own)
        rec_requests_find(info);
    if (!module->late && !is_never_rewritten(path))
        rec_source_look(info);
    rewrite(s, module);
    module->fresh = false;
    __atomic_fetch_add(&turn, 1, __ATOMIC_RELEASE);
}

static void look_at(struct rec_stream *s, const struct dl_phdr_info *info, const char *path,
                    bool is_program, bool is_fresh)
{
    uint64_t start = UINT64_MAX, end = 0;
    for (unsigned i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        if (segment->p_type != PT_LOAD)
            continue;
        uint64_t low = info->dlpi_addr + segment->p_vaddr;
        start = low < start ? low : start;
        end = low + segment->p_memsz > end ? low + segment->p_memsz : end;
    }
    if (start < end && path && *path && !is_known(start, end))
        add(s, info, path, start, end, is_program, is_fresh);
}

/* The first one is the program, which has no name. */
static int each(struct dl_phdr_info *info, size_t size, void *stream)
{
    (void)size;
    bool is_program = !known_count;
    look_at(stream, info, is_program ? rec_header->program : info->dlpi_name, is_program, false);
    return 0;
}

/* The module of MAP, whose file begins at START, and with it its headers. */
static void look_at_file(struct rec_stream *s, const struct link_map *map, const void *start,
                         bool is_fresh)
{
    ElfW(Ehdr) file;
    if (rec_sys_peek(&file, start, sizeof file) != sizeof file ||
        !same_bytes(&file, ELFMAG, SELFMAG) || file.e_phoff > 4096)
        return;
    struct dl_phdr_info info = {
        .dlpi_addr = map->l_addr,
        .dlpi_phdr = (const ElfW(Phdr) *)((const char *)start + file.e_phoff),
        .dlpi_phnum = file.e_phnum,
    };
    look_at(s, &info, map->l_name, false, is_fresh);
}

/* The module that holds PC. */
static void find(struct rec_stream *s, uint64_t pc)
{
    struct dl_find_object object;
    if (!rec_real._dl_find_object((void *)pc, &object))
        look_at_file(s, object.dlfo_link_map, object.dlfo_map_start, false);
}

static bool begin(void)
{
    return !__atomic_exchange_n(&busy, 1, __ATOMIC_ACQUIRE);
}

static void end(void)
{
    __atomic_store_n(&busy, 0, __ATOMIC_RELEASE);
}

void rec_modules_start(struct rec_stream *s)
{
    forked = known_count > 0;
    for (uint32_t i = 0; i < known_count; i++)
        if (known[i].size)
            tell(s, &known[i], known[i].size);
    if (!forked && begin()) {
        dl_iterate_phdr(each, s);
        end();
    }
}

void rec_modules_rewrite(struct rec_stream *s)
{
    if (!begin())
        return;
    if (!forked)
        dl_iterate_phdr(each, s);
    for (uint32_t i = 0; i < known_count; i++)
        if (known[i].size)
            rewrite(s, &known[i]);
    end();
}

/* A library's addresses begin with its file's; one of which that is not so is found later. */
void rec_modules_loaded(struct rec_stream *s, const struct link_map *maps)
{
    for (unsigned n = 0; !begin(); n++) {
        enum { PATIENCE = 100000 };
        if (n == PATIENCE)
            return;
        rec_sys_yield();
    }
    for (const struct link_map *map = maps; map; map = map->l_next)
        if (map->l_addr && !is_mapped_at(map->l_addr))
            look_at_file(s, map, (const void *)map->l_addr, true);
    end();
}

static struct module *search(uint64_t pc)
{
    pc = rec_rewrite_old(pc);
    uint32_t count = __atomic_load_n(&known_count, __ATOMIC_ACQUIRE);
    for (uint32_t i = 0; i < count; i++)
        if (pc - known[i].start < __atomic_load_n(&known[i].size, __ATOMIC_ACQUIRE))
            return &known[i];
    return NULL;
}

static struct module *module_of(uint64_t pc)
{
    uint64_t page = pc >> 12, *cell = &pages[page % PAGES];
    uint64_t seen = __atomic_load_n(cell, __ATOMIC_RELAXED);
    uint64_t now = __atomic_load_n(&turn, __ATOMIC_ACQUIRE) & ((1 << TURN_BITS) - 1);
    uint64_t key = (page << TURN_BITS | now) << INDEX_BITS;
    unsigned index = seen & ((1 << INDEX_BITS) - 1);
    if (rec_likely(seen - index == key && seen))
        return index ? &known[index - 1] : NULL;
    struct module *module = search(pc);
    index = module ? (unsigned)(module - known) + 1 : 0;
    __atomic_store_n(cell, key | index, __ATOMIC_RELAXED);
    return module;
}

void rec_modules_check(struct rec_stream *s, uint64_t pc)
{
    if (rec_likely(module_of(pc) != NULL) || !begin())
        return;
    if (rec_real._dl_find_object)
        find(s, pc);
    else
        dl_iterate_phdr(each, s);
    end();
}

uint64_t rec_modules_turn(void)
{
    return __atomic_load_n(&turn, __ATOMIC_ACQUIRE);
}

uint64_t rec_modules_generation(void)
{
    return __atomic_load_n(&generation, __ATOMIC_ACQUIRE);
}

static bool is_there(const struct module *module)
{
    struct dl_find_object object;
    const struct identity *identity = module->identity;
    if (!module->late)
        return true;
    if (rec_real._dl_find_object((void *)module->start, &object) ||
        object.dlfo_link_map->l_addr != module->base)
        return false;
    return identity->length == sizeof identity->bytes - 1 || /* it may have been longer */
           rec_same(object.dlfo_link_map->l_name, path_of(module));
}

int rec_modules_iterate(int (*callback)(struct dl_phdr_info *, size_t, void *), void *data)
{
    uint32_t count = __atomic_load_n(&known_count, __ATOMIC_ACQUIRE);
    for (uint32_t i = 0; rec_real._dl_find_object && i < count; i++) {
        const struct module *module = &known[i];
        if (!__atomic_load_n(&module->size, __ATOMIC_ACQUIRE) || !is_there(module))
            continue;
        struct dl_phdr_info info = info_of(module);
        int result = callback(&info, sizeof info, data);
        if (result)
            return result;
    }
    int result = rec_rewrite_iterate(callback, data);
    return result ? result : dl_iterate_phdr(callback, data);
}

void rec_modules_gone(struct rec_stream *s)
{
    if (!rec_real._dl_find_object || !begin())
        return;
    for (uint32_t i = 0; i < known_count; i++) {
        struct module *module = &known[i];
        if (!module->size || is_there(module))
            continue;
        uint64_t size = module->size;
        __atomic_store_n(&module->size, 0, __ATOMIC_RELEASE);
        module->source = TR_SOURCE_NONE;
        rec_rewrite_gone(module->start, size);
        __atomic_fetch_add(&turn, 1, __ATOMIC_RELEASE);
        __atomic_fetch_add(&generation, 1, __ATOMIC_RELEASE);
        rec_stamp(s);
        rec_ring_keep(s, &(struct tr_event){.kind = TR_MODULE_GONE, .object = module->base});
        rec_access_forget(s, (const void *)module->start, size);
        if (rec_objects_maybe_in((const void *)module->start, size))
            rec_objects_end_in(s, (const void *)module->start, size, TR_END_UNMAP, 0);
    }
    end();
}

enum tr_access_source rec_module_source(uint64_t pc)
{
    const struct module *module = rec_any_tells ? module_of(pc) : NULL;
    return module ? module->source : TR_SOURCE_NONE;
}

void rec_module_initialised(struct rec_stream *s, uint64_t pc, enum tr_access_source source)
{
    rec_config.heap = true;
    rec_modules_check(s, pc);
    const struct module *module = module_of(pc);
    if (module && is_programs_own(path_of(module)))
        rec_module_covered(s, pc, source);
}

void rec_module_covered(struct rec_stream *s, uint64_t pc, enum tr_access_source source)
{
    rec_modules_check(s, pc);
    struct module *module = module_of(pc);
    if (!module || module->source == source)
        return;
    module->source = (uint8_t)source;
    __atomic_store_n(&rec_any_tells, true, __ATOMIC_RELAXED);
    rec_config.heap = true;
    rec_ring_keep(s,
                  &(struct tr_event){.kind = TR_COVERAGE, .mode = source, .object = module->base});
}

void rec_module_program_lacks(struct rec_stream *s, const char *reason)
{
    char text[256];
    uint32_t length = rec_text(text, 0, sizeof text, "%s", reason);
    rec_ring_keep(s, &(struct tr_event){.kind = TR_COVERAGE,
                                        .mode = known[0].source,
                                        .object = known[0].base,
                                        .bytes = (const uint8_t *)text,
                                        .bytes_length = length});
}

void rec_modules_reset(void)
{
    busy = 0;
}
