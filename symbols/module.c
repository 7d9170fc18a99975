/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds the file that ran: under the sysroot, at its own path, or, where that is another build or
 * gone, its debug file by build-id. A file whose build-id is not the trace's is not used: wrong
 * names are worse than none.
 */
#include "symbols/module.h"

#include "finding/stack.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LOOK_BACK = 32, SYMBOLS_MAX = 1 << 24 };

static const Dwfl_Callbacks callbacks = {
    .find_elf = dwfl_build_id_find_elf,
    .find_debuginfo = dwfl_standard_find_debuginfo,
    .section_address = dwfl_offline_section_address,
};

void sn_module_init(struct sn_module *module, const struct tr_module *of)
{
    *module = (struct sn_module){.of = of, .name = sn_base_name(of->path)};
}

void sn_module_release(struct sn_module *module)
{
    vec_each (struct sn_unit, unit, &module->units) {
        vec_release(&unit->functions);
        vec_release(&unit->code.of);
    }
    vec_release(&module->units);
    vec_release(&module->code.of);
    vec_release(&module->globals);
    vec_release(&module->symbols);
    dwfl_end(module->dwfl);
    module->dwfl = NULL;
}

/* A descriptor of the regular file PATH, or -1 and errno. Whatever lies there: never blocks. */
static int open_regular(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat status;
    if (fd < 0)
        return -1;
    if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode))
        return fd;
    close(fd);
    errno = EINVAL;
    return -1;
}

static bool same_build(Dwfl_Module *file, const struct tr_module *of)
{
    const unsigned char *id;
    GElf_Addr address;
    if (!of->build_id_length || of->build_id_length > sizeof of->build_id)
        return true;
    int length = dwfl_module_build_id(file, &id, &address);
    return length > 0 && (uint32_t)length == of->build_id_length &&
           memcmp(id, of->build_id, (size_t)length) == 0;
}

static bool is_program(Dwfl_Module *file)
{
    GElf_Addr bias;
    GElf_Ehdr header;
    Elf *elf = dwfl_module_getelf(file, &bias);
    return elf && bias == 0 && gelf_getehdr(elf, &header) &&
           (header.e_type == ET_EXEC || header.e_type == ET_DYN);
}

/* Takes PATH as the module's file. NULL, or why not. */
static const char *try_file(struct sn_module *module, const char *path)
{
    int fd = open_regular(path);
    if (fd < 0)
        return errno == EINVAL ? "it is no regular file" : strerror(errno);
    Dwfl *dwfl = dwfl_begin(&module->callbacks);
    if (!dwfl) {
        close(fd);
        return "libdwfl does not start";
    }
    dwfl_report_begin(dwfl);
    Dwfl_Module *file = dwfl_report_elf(dwfl, path, path, fd, 0, true);
    if (!file)
        close(fd);
    const char *trouble = NULL;
    if (dwfl_report_end(dwfl, NULL, NULL) != 0 || !file || !is_program(file))
        trouble = "it is no program and no library";
    else if (!same_build(file, module->of))
        trouble = "the file is another build than the one that ran";
    if (trouble) {
        dwfl_end(dwfl);
        return trouble;
    }
    module->dwfl = dwfl;
    module->file = file;
    return NULL;
}

/* The debug file that a distribution keeps under its build-id in DIRECTORY. */
static bool try_build_id(struct sn_module *module, const char *directory, struct sn_arena *arena)
{
    char hex[2 * sizeof module->of->build_id + 1];
    for (uint32_t i = 0; i < module->of->build_id_length; i++)
        snprintf(hex + 2 * i, 3, "%02x", module->of->build_id[i]);
    const char *path = sn_sprintf(arena, "%s/.build-id/%.2s/%s.debug", directory, hex, hex + 2);
    return !try_file(module, path);
}

static bool try_build_ids(struct sn_module *module, const struct sn_search *search,
                          struct sn_arena *arena)
{
    uint32_t length = module->of->build_id_length;
    if (length < 2 || length > sizeof module->of->build_id)
        return false;
    /* libdwfl's list, without the relative parts */
    const char *list = search->debug_path ? search->debug_path : "/usr/lib/debug";
    while (*list) {
        size_t part = strcspn(list, ":");
        if (*list == '/' && try_build_id(module, sn_strndup(arena, list, part), arena))
            return true;
        list += part + (list[part] == ':');
    }
    return false;
}

void sn_module_open(struct sn_module *module, const struct sn_search *search,
                    struct sn_arena *arena)
{
    if (module->opened)
        return;
    module->opened = true;
    const char *path = module->of->path;
    if (!path || !strchr(path, '/'))
        return; /* the kernel's vdso, or no file at all: nothing to miss */
    module->callbacks = callbacks;
    module->callbacks.debuginfo_path = (char **)&search->debug_path;
    const char *trouble = NULL, *file = path;
    if (search->sysroot && *path == '/') {
        file = sn_sprintf(arena, "%s%s", search->sysroot, path);
        trouble = try_file(module, file);
        if (!trouble)
            return;
    }
    const char *here = try_file(module, path);
    if (!here || try_build_ids(module, search, arena))
        return;
    module->trouble = sn_sprintf(arena, "no symbols of %s: %s", file, trouble ? trouble : here);
}

/* Symbols ---------------------------------------------------------------------------------------
 */

/* By address; of several names the one to show comes last, since the search looks back. */
static int compare_symbols(const void *left, const void *right)
{
    const struct sn_symbol *a = left, *b = right;
    if (a->address != b->address)
        return a->address < b->address ? -1 : 1;
    if (a->second != b->second)
        return b->second - a->second;
    return -strcmp(a->name, b->name);
}

static void add_symbol(struct sn_module *module, const char *name, const GElf_Sym *symbol,
                       uint64_t address, bool defined)
{
    int type = GELF_ST_TYPE(symbol->st_info);
    bool function =
        type == STT_FUNC || type == STT_GNU_IFUNC || (type == STT_NOTYPE && symbol->st_size > 0);
    bool object = type == STT_OBJECT || type == STT_COMMON;
    if (!defined || !name || !*name || !(function || object))
        return;
    *vec_push(&module->symbols) = (struct sn_symbol){
        .address = address,
        .size = symbol->st_size,
        .name = name,
        .function = function,
        .second = *name == '_' || GELF_ST_BIND(symbol->st_info) != STB_GLOBAL,
    };
}

static void index_symbols(struct sn_module *module)
{
    module->with_symbols = true;
    int count = module->file ? dwfl_module_getsymtab(module->file) : 0;
    for (int i = 1; i < count && i < SYMBOLS_MAX; i++) {
        GElf_Sym symbol;
        GElf_Addr address;
        GElf_Word section = SHN_UNDEF;
        const char *name =
            dwfl_module_getsym_info(module->file, i, &symbol, &address, &section, NULL, NULL);
        add_symbol(module, name, &symbol, address, section != SHN_UNDEF);
    }
    if (module->symbols.count)
        qsort(module->symbols.at, module->symbols.count, sizeof *module->symbols.at,
              compare_symbols);
}

const struct sn_symbol *sn_module_symbol_at(struct sn_module *module, uint64_t address,
                                            bool function)
{
    if (!module->with_symbols)
        index_symbols(module);
    size_t low =
        vec_count_while(struct sn_symbol, known, &module->symbols, known->address <= address);
    for (size_t back = 0; back < LOOK_BACK && low > 0; back++) {
        const struct sn_symbol *symbol = &module->symbols.at[--low];
        if (symbol->function == function && address - symbol->address < symbol->size)
            return symbol;
    }
    return NULL;
}

const struct sn_symbol *sn_module_symbol_named(struct sn_module *module, const char *name)
{
    if (!module->with_symbols)
        index_symbols(module);
    vec_each (const struct sn_symbol, symbol, &module->symbols)
        if (symbol->function && strcmp(symbol->name, name) == 0)
            return symbol;
    return NULL;
}

/* On x86-64 the executable's block ends where the descriptor begins, and is aligned as its segment:
 * variant II of Drepper, "ELF handling for thread-local storage", 2013. */
uint64_t sn_module_thread_local(struct sn_module *module, int64_t offset)
{
    GElf_Addr bias;
    Elf *elf = module->file ? dwfl_module_getelf(module->file, &bias) : NULL;
    size_t count;
    if (!elf || offset >= 0 || elf_getphdrnum(elf, &count) != 0)
        return 0;
    for (size_t i = 0; i < count; i++) {
        GElf_Phdr segment;
        if (!gelf_getphdr(elf, (int)i, &segment) || segment.p_type != PT_TLS)
            continue;
        uint64_t align = segment.p_align ? segment.p_align : 1;
        uint64_t first = -segment.p_vaddr & (align - 1), below = (uint64_t)-offset;
        uint64_t size = (segment.p_memsz - first + align - 1) / align * align + first;
        bool within = align <= 1 << 16 && segment.p_memsz < 1 << 30 && below <= size &&
                      size - below < segment.p_memsz;
        return within ? SN_THREAD_LOCAL + size - below : 0;
    }
    return 0;
}
