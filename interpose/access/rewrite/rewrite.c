/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where images lie, and how they get there: made in memory that may be written or mapped from a
 * cache, then executable and never both. The text is writable for the moment in which its entries
 * are changed, and not executable meanwhile: nobody else may be running in it.
 */
#include "interpose/access/rewrite/rewrite.h"

#include "interpose/access/filter/owner.h"
#include "interpose/access/rewrite/cache.h"
#include "interpose/access/rewrite/liveness.h"
#include "interpose/access/rewrite/told.h"

#include "interpose/core/poison.h"

enum { IMAGES = 1024, PAGE = 4096, SEGMENTS = 2 };

#define REACH (1ull << 31) /* of a jump */
#define STEP  (1ull << 24)

__thread uint64_t rec_rewrite_slots[RW_SLOT_COUNT] __attribute__((tls_model("initial-exec")));

static struct image {
    struct rw_image of;
    ElfW(Phdr) segments[SEGMENTS];
    bool gone; /* with its module */
} images[IMAGES];
static uint32_t image_count;

/* Code that was changed need not be let run again, and then the program could not go on: that is
 * tried on a page that nobody runs. */
static bool may_change_code(void)
{
    int file = rec_sys_open("/proc/self/exe", O_RDONLY, 0);
    if (file < 0)
        return true; /* nobody can say */
    uint8_t *page = rec_sys_map(PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
    rec_sys_close(file);
    if (!page)
        return false;
    page[0]++;
    bool runs = rec_syscall3(SYS_mprotect, (long)page, PAGE, PROT_READ | PROT_EXEC) == 0;
    rec_sys_unmap(page, PAGE);
    return runs;
}

bool rec_rewrite_start(bool checks)
{
    return may_change_code() && rw_decoder_open() &&
           (!checks || (rec_rewrite_can_tell() && rec_words_start()));
}

/* Room. -----------------------------------------------------------------------------------------
 */

static void *map_at(uint64_t address, uint64_t size)
{
    void *mapped = rec_sys_map_at(address, size, -1, 0);
    if (mapped)
        rec_sys_advise(mapped, size, MADV_HUGEPAGE);
    return mapped;
}

/* Below the module: above a program its heap begins. Where a program lies at the very bottom there
 * is nothing below, and the heap has to do with what is left. A module that is too large for a
 * jump to get past it and its image has none. */
static void *room_near(const struct rw_module *module, uint64_t size)
{
    if (size + (module->end - module->start) > REACH)
        return NULL;
    uint64_t low = module->end > REACH ? module->end - REACH : 0;
    void *room = NULL;
    for (uint64_t at = (module->start - size) & ~(STEP - 1);
         !room && at > low && at < module->start; at -= STEP)
        room = map_at(at, size);
    uint64_t high = (module->start + REACH - size) & ~(STEP - 1);
    for (uint64_t at = high; !room && at > module->end + STEP;)
        room = map_at(at -= STEP, size);
    return room;
}

/* Modules. --------------------------------------------------------------------------------------
 */

/* Then the text is not what its file has: it could not be left as it was (rec_rewrite_end). */
static bool text_is_relocated(const struct rw_module *module)
{
    const ElfW(Dyn) *entry = module->dynamic;
    for (; entry && entry->d_tag != DT_NULL; entry++)
        if (entry->d_tag == DT_TEXTREL ||
            (entry->d_tag == DT_FLAGS && entry->d_un.d_val & DF_TEXTREL))
            return true;
    return false;
}

static void describe(struct rw_module *module, const struct dl_phdr_info *info)
{
    *module = (struct rw_module){.base = info->dlpi_addr, .start = UINT64_MAX};
    for (unsigned i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        uint64_t at = info->dlpi_addr + segment->p_vaddr;
        if (segment->p_type == PT_GNU_EH_FRAME)
            module->index = (const uint8_t *)at;
        if (segment->p_type == PT_DYNAMIC)
            module->dynamic = (const void *)at;
        if (segment->p_type != PT_LOAD)
            continue;
        if (!(segment->p_flags & PF_W) && module->constant_count < RW_SEGMENTS) {
            module->constants[module->constant_count].start = at;
            module->constants[module->constant_count++].end = at + segment->p_memsz;
        }
        if (segment->p_flags & PF_X) {
            module->parted |= module->code_end && at > module->code_end; /* they are in order */
            module->code_end = (at + segment->p_memsz + PAGE - 1) & ~(PAGE - 1ull);
        }
        module->start = at < module->start ? at & ~(PAGE - 1ull) : module->start;
        module->end = at + segment->p_memsz > module->end ? at + segment->p_memsz : module->end;
    }
}

/* NULL: nothing speaks against it. */
static const char *refused(const struct rw_module *module)
{
    if (!module->index || module->start >= module->end)
        return "it has no table of its functions, .eh_frame_hdr";
    if ((uint64_t)&image_count - module->start < module->end - module->start)
        return "it is the recorder";
    if (text_is_relocated(module))
        return "its code is not what its file has, DT_TEXTREL";
    if (module->parted)
        return "its code lies in several places";
    return image_count == IMAGES ? "too many are rewritten" : NULL;
}

static bool protect(const void *from, uint64_t size, int protection)
{
    uint64_t low = (uint64_t)from & ~(PAGE - 1ull);
    uint64_t high = ((uint64_t)from + size + PAGE - 1) & ~(PAGE - 1ull);
    return rec_syscall3(SYS_mprotect, (long)low, (long)(high - low), protection) == 0;
}

static void publish(const struct rw_image *image)
{
    struct image *new = &images[image_count];
    new->of = *image;
    new->segments[0] = (ElfW(Phdr)){.p_type = PT_LOAD,
                                    .p_flags = PF_R | PF_X,
                                    .p_memsz = image->code_end,
                                    .p_filesz = image->code_end};
    new->segments[1] = (ElfW(Phdr)){.p_type = PT_GNU_EH_FRAME,
                                    .p_flags = PF_R,
                                    .p_vaddr = image->index,
                                    .p_memsz = image->code_end - image->index,
                                    .p_filesz = image->code_end - image->index};
    __atomic_store_n(&image_count, image_count + 1, __ATOMIC_RELEASE);
}

bool rec_rewrite_alone(void)
{
    struct {
        uint64_t number, offset;
        uint16_t length;
        uint8_t type;
        char name[5];
    } entries[16];
    _Static_assert(offsetof(__typeof__(*entries), name) == 19, "as the system has it");
    int directory = rec_sys_open("/proc/self/task", O_RDONLY | O_DIRECTORY, 0);
    if (directory < 0)
        return rec_thread_count() <= 1;
    unsigned count = 0;
    long size;
    while ((size = rec_syscall3(SYS_getdents64, directory, (long)entries, sizeof entries)) > 0)
        for (const char *at = (const char *)entries, *end = at + size; at < end;
             at += *(const uint16_t *)(at + 16))
            count += at[19] != '.';
    rec_sys_close(directory);
    return count <= 1;
}

/* The image is there: the old text leads to it from now on. */
static bool enter(const struct rw_cached *made)
{
    const struct rw_image *image = &made->image;
    const void *text = (const void *)image->text;
    rw_image_settle(image, (uint64_t)rec_rewrite_checked);
    if (!protect(image->at, image->size, PROT_READ) ||
        !protect(image->at, image->code_end, PROT_READ | PROT_EXEC) ||
        !protect(text, image->text_size, PROT_READ | PROT_WRITE))
        return false;
    publish(image);
    if (rec_config.accesses == TR_SOURCE_REWRITE && !rec_rewrite_go_on)
        rec_rewrite_go_on = image->at + made->resume;
    rw_image_enter(image);
    return protect(text, image->text_size, PROT_READ | PROT_EXEC);
}

/* Of the calling thread's, from its thread pointer on: the same for each. */
static int32_t place_of(const void *own)
{
    return (int32_t)((const char *)own - (const char *)__builtin_thread_pointer());
}

static struct rw_places places(void)
{
    return (struct rw_places){.slots = place_of(rec_rewrite_slots), .words = place_of(&rec_words)};
}

static bool build(struct rw_cached *made, struct rw_code *code)
{
    bool checked = rec_config.accesses == TR_SOURCE_REWRITE;
    struct rw_effect *effects = checked || rec_config.clobber ? rw_liveness(code) : NULL;
    struct rw_checks checks = {.effects = effects};
    struct rw_wishes wishes = {
        .places = places(),
        .clobbered = rec_config.clobber ? effects : NULL,
        .checks = checked ? &checks : NULL,
    };
    bool built = (!checked || effects) && rw_checks_open(&checks, code) &&
                 rw_image_build(&made->image, code, &wishes);
    made->coverage = checks.coverage;
    made->resume = checks.resume;
    rw_image_count(&made->image, code, &made->counts);
    rw_checks_close(&checks);
    if (effects)
        rw_liveness_free(effects, code);
    return built;
}

/* Which function goes wrong where it was moved is found by halves: --moved=FROM-TO. */
static void leave_out(struct rw_code *code)
{
    for (uint32_t i = 0; rec_config.move_to && i < code->functions.count; i++)
        if (i < rec_config.move_from || i >= rec_config.move_to)
            code->functions.at[i].reason = RW_NO_WISH;
}

/* NULL, or what is missing. */
static const char *make(struct rw_cached *made, struct rw_module *module)
{
    struct rw_code code;
    if (!rw_code_open(&code, module))
        return "its functions are not found, or there is no memory";
    leave_out(&code);
    uint64_t most = rw_image_most(module);
    *made = (struct rw_cached){.image = {.size = most}};
    made->image.at = room_near(module, most);
    bool built = made->image.at && build(made, &code);
    const char *reason = built            ? NULL
                         : made->image.at ? "its code does not fit"
                                          : "there is no room beside it";
    if (built)
        rec_sys_unmap(made->image.at + made->image.size, most - made->image.size);
    else if (made->image.at)
        rec_sys_unmap(made->image.at, most);
    rw_code_close(&code);
    return reason;
}

static struct rw_cache_key own_key(void)
{
    extern const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));
    static struct rw_cache_key key;
    static bool known;
    uint64_t base = (uint64_t)&__ehdr_start;
    struct rw_module own;
    if (!known) {
        describe(&own, &(struct dl_phdr_info){.dlpi_addr = base,
                                              .dlpi_phdr = (void *)(base + __ehdr_start.e_phoff),
                                              .dlpi_phnum = __ehdr_start.e_phnum});
        key = rw_cache_key(&own, NULL, 0);
        known = true;
    }
    return key;
}

/* Whatever an image depends on, beside its module: above all this very library. */
static struct rw_cache_key key_of(const struct rw_module *module)
{
    struct {
        struct rw_cache_key own;
        struct rw_places places;
        uint32_t accesses, clobber, move_from, move_to; /* no bytes between them */
    } options = {
        .own = own_key(),
        .places = places(),
        .accesses = rec_config.accesses,
        .clobber = rec_config.clobber,
        .move_from = rec_config.move_from,
        .move_to = rec_config.move_to,
    };
    _Static_assert(sizeof options == sizeof(struct rw_cache_key) + sizeof(struct rw_places) + 4 * 4,
                   "all of it is hashed");
    return rw_cache_key(module, &options, sizeof options);
}

const char *rec_rewrite(const struct dl_phdr_info *info, bool in_use, struct rw_coverage *coverage,
                        struct rw_counts *counts)
{
    struct rw_module module;
    struct rw_cache_key key = {{0, 0}};
    struct rw_cached made;
    const char *cache = rec_config.cache;
    describe(&module, info);
    const char *reason = refused(&module);
    if (reason)
        return reason;
    if (*cache)
        key = key_of(&module);
    bool loaded = rw_cache_load(cache, key, &module, &made);
    if (!loaded && (reason = make(&made, &module)))
        return reason;
    *coverage = made.coverage;
    *counts = made.counts;
    if (!loaded)
        rw_cache_save(cache, key, &module, &made);
    bool alone = !in_use || rec_rewrite_alone(); /* it may have taken its time */
    if (alone && enter(&made))
        return NULL;
    rec_sys_unmap(made.image.at, made.image.size);
    return alone ? "the system does not let its code be changed" : "a thread may be running in it";
}

/* Its place stays taken, for who may just look there, and reads zeros then; all of it stays where
 * other images' checks go on by it. */
void rec_rewrite_gone(uint64_t start, uint64_t size)
{
    uint32_t count = __atomic_load_n(&image_count, __ATOMIC_ACQUIRE);
    for (uint32_t i = 0; i < count; i++) {
        struct image *image = &images[i];
        if (image->gone || image->of.text - start >= size)
            continue;
        __atomic_store_n(&image->gone, true, __ATOMIC_RELEASE);
        if ((uint64_t)rec_rewrite_go_on - (uint64_t)image->of.at >= image->of.size)
            rec_sys_advise(image->of.at, image->of.size, MADV_DONTNEED);
    }
}

void rec_rewrite_end(void)
{
    uint32_t count = __atomic_load_n(&image_count, __ATOMIC_ACQUIRE);
    rec_config.rewrite = false;
    for (uint32_t i = 0; i < count; i++) {
        if (images[i].gone)
            continue;
        uint64_t low = images[i].of.text & ~(PAGE - 1ull);
        rec_sys_advise((void *)low, images[i].of.text + images[i].of.text_size - low,
                       MADV_DONTNEED);
    }
}

/* Lookups. --------------------------------------------------------------------------------------
 */

static const struct image *image_at(uint64_t pc)
{
    uint32_t count = __atomic_load_n(&image_count, __ATOMIC_ACQUIRE);
    for (uint32_t i = 0; i < count; i++)
        if (pc - (uint64_t)images[i].of.at < images[i].of.code_end &&
            !__atomic_load_n(&images[i].gone, __ATOMIC_ACQUIRE))
            return &images[i];
    return NULL;
}

const struct rw_image *rec_rewrite_at(uint64_t pc)
{
    const struct image *image = image_at(pc);
    return image ? &image->of : NULL;
}

uint64_t rec_rewrite_behind(uint64_t pc)
{
    uint32_t count = __atomic_load_n(&image_count, __ATOMIC_ACQUIRE);
    for (uint32_t i = 0; i < count; i++)
        if (pc - images[i].of.text < images[i].of.text_size && !images[i].gone)
            return rw_image_behind(&images[i].of, pc);
    return 0;
}

uint64_t rec_rewrite_old(uint64_t pc)
{
    const struct image *image = image_at(pc);
    uint64_t old = image ? rw_image_old(&image->of, pc) : 0;
    return old ? old : pc;
}

int rec_rewrite_iterate(int (*callback)(struct dl_phdr_info *, size_t, void *), void *data)
{
    uint32_t count = __atomic_load_n(&image_count, __ATOMIC_ACQUIRE);
    for (uint32_t i = 0; i < count; i++) {
        if (images[i].gone)
            continue;
        struct dl_phdr_info info = {.dlpi_addr = (uint64_t)images[i].of.at,
                                    .dlpi_name = "",
                                    .dlpi_phdr = images[i].segments,
                                    .dlpi_phnum = SEGMENTS};
        int result = callback(&info, sizeof info, data);
        if (result)
            return result;
    }
    return 0;
}

/* Signals. --------------------------------------------------------------------------------------
 */

void rec_rewrite_pause(struct rec_rewrite_paused *paused, ucontext_t *context)
{
    paused->new = (uint64_t)context->uc_mcontext.gregs[REG_RIP];
    paused->old = rec_rewrite_old(paused->new);
    context->uc_mcontext.gregs[REG_RIP] = (greg_t)paused->old;
    for (unsigned i = 0; i < RW_SLOT_COUNT; i++)
        paused->slots[i] = rec_rewrite_slots[i];
}

void rec_rewrite_resume(const struct rec_rewrite_paused *paused, ucontext_t *context)
{
    if (context->uc_mcontext.gregs[REG_RIP] == (greg_t)paused->old)
        context->uc_mcontext.gregs[REG_RIP] = (greg_t)paused->new;
    for (unsigned i = 0; i < RW_SLOT_COUNT; i++)
        rec_rewrite_slots[i] = paused->slots[i];
}
