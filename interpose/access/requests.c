/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client request is 19 bytes: four rotations of %rdi that add up to none, and xchg %rbx, %rbx,
 * with the address of the arguments in %rax and the answer in %rdx. Its first five bytes become a
 * jump to a stub nearby:
 *
 *     lea  -128(%rsp), %rsp        past the red zone
 *     push the address behind the request
 *     call rec_client_entry
 *     lea  136(%rsp), %rsp
 *     jmp  behind the request
 *
 * The entry keeps every register, vector registers included, since the code around a request
 * expects to lose none; its unwind information says that it was called from behind the request. A
 * processor without XSAVE, memory that may not be written, no room nearby: the requests stay what
 * they are without Valgrind.
 */
#include "interpose/access/requests.h"

#include "interpose/access/user_lock.h"

#include <cpuid.h>
#include <elf.h>

#include "interpose/core/poison.h"

/* The requests of helgrind.h and drd.h: the tool's two letters, and a number. */
enum request {
    HELGRIND = 0x48470100,
    MUTEX_INIT = HELGRIND + 3, /* lock, may be taken again */
    MUTEX_DESTROY = HELGRIND + 4,
    MUTEX_RELEASES = HELGRIND + 5,
    MUTEX_REQUEST = HELGRIND + 7, /* lock, is a try */
    MUTEX_ACQUIRED = HELGRIND + 8,
    RWLOCK_INIT = HELGRIND + 14,
    RWLOCK_DESTROY = HELGRIND + 15,
    RWLOCK_ACQUIRED = HELGRIND + 17, /* lock, is a writer */
    RWLOCK_RELEASES = HELGRIND + 18,
    SEMAPHORE_POSTS = HELGRIND + 22,
    SEMAPHORE_WAITED = HELGRIND + 23,
    HAPPENS_BEFORE = HELGRIND + 33,
    HAPPENS_AFTER = HELGRIND + 34,
    NOT_TRACKED = HELGRIND + 39, /* address, size */
    DRD = 0x44520000,
    NOT_LOOKED_AT = DRD + 2, /* address, size or 0 */
    RECORD_READS = DRD + 6,
    RECORD_WRITES = DRD + 7,
    THREAD_NAME = DRD + 8,
};

enum { REQUEST = 19, JUMP = 5, STUB = 48, PAGE = 4096, ENTRY = 8 };

/* For the entry: which parts of the processor's state it keeps. */
__attribute__((visibility("hidden"))) uint32_t rec_client_state;

__attribute__((used, visibility("hidden"))) uint64_t rec_client_request(const uint64_t *arguments,
                                                                        uint64_t answer,
                                                                        uint64_t cfa);

uint64_t rec_client_request(const uint64_t *arguments, uint64_t answer, uint64_t cfa)
{
    int error = errno;
    const void *address = (const void *)arguments[1];
    switch (arguments[0]) {
    case MUTEX_INIT:
        rec_user_created(address, arguments[2] ? TR_ATTR_RECURSIVE : 0, NULL, cfa);
        break;
    case RWLOCK_INIT:
        rec_user_created(address, 0, NULL, cfa);
        break;
    case MUTEX_DESTROY:
    case RWLOCK_DESTROY:
        rec_user_destroyed(address, cfa);
        break;
    case MUTEX_REQUEST:
        if (!arguments[2])
            rec_user_requests(address, 0, cfa);
        break;
    case MUTEX_ACQUIRED:
        rec_user_acquired(address, 0, cfa);
        break;
    case RWLOCK_ACQUIRED:
        rec_user_acquired(address, arguments[2] ? 0 : TR_LOCK_SHARED, cfa);
        break;
    case MUTEX_RELEASES:
    case RWLOCK_RELEASES:
        rec_user_releases_any(address, cfa);
        break;
    case SEMAPHORE_POSTS:
    case HAPPENS_BEFORE:
        rec_user_before(address, cfa);
        break;
    case SEMAPHORE_WAITED:
    case HAPPENS_AFTER:
        rec_user_after(address, cfa);
        break;
    case NOT_TRACKED:
    case NOT_LOOKED_AT:
        rec_user_benign(address, arguments[2] ? arguments[2] : 1, NULL, cfa);
        break;
    case RECORD_READS:
        rec_user_ignore(false, arguments[1] ? -1 : 1);
        break;
    case RECORD_WRITES:
        rec_user_ignore(true, arguments[1] ? -1 : 1);
        break;
    case THREAD_NAME:
        rec_user_thread_name(address);
        break;
    default:
        break;
    }
    errno = error;
    return answer;
}

void rec_client_entry(void);

/* On the stack: back to the stub, the address behind the request, the red zone. */
__asm__(".text\n"
        ".p2align 4\n"
        ".hidden rec_client_entry\n"
        ".globl rec_client_entry\n"
        ".type rec_client_entry, @function\n"
        "rec_client_entry:\n"
        "    .cfi_startproc\n"
        "    .cfi_def_cfa %rsp, 144\n"
        "    .cfi_offset %rip, -136\n"
        "    push %rbp\n"
        "    .cfi_def_cfa %rsp, 152\n"
        "    .cfi_offset %rbp, -152\n"
        "    mov %rsp, %rbp\n"
        "    .cfi_def_cfa %rbp, 152\n"
        "    push %rax\n"
        "    push %rdx\n"
        "    push %rcx\n"
        "    push %rsi\n"
        "    push %rdi\n"
        "    push %r8\n"
        "    push %r9\n"
        "    push %r10\n"
        "    push %r11\n"
        "    sub $2816, %rsp\n"
        "    and $-64, %rsp\n"
        "    xor %ecx, %ecx\n" /* the header of the saved state must be zero */
        "    mov %rcx, 512(%rsp)\n"
        "    mov %rcx, 520(%rsp)\n"
        "    mov %rcx, 528(%rsp)\n"
        "    mov %rcx, 536(%rsp)\n"
        "    mov %rcx, 544(%rsp)\n"
        "    mov %rcx, 552(%rsp)\n"
        "    mov %rcx, 560(%rsp)\n"
        "    mov %rcx, 568(%rsp)\n"
        "    mov rec_client_state(%rip), %eax\n"
        "    xor %edx, %edx\n"
        "    xsave64 (%rsp)\n"
        "    mov -8(%rbp), %rdi\n"
        "    mov -16(%rbp), %rsi\n"
        "    lea 24(%rbp), %rdx\n"
        "    call rec_client_request\n"
        "    mov %rax, -16(%rbp)\n"
        "    mov rec_client_state(%rip), %eax\n"
        "    xor %edx, %edx\n"
        "    xrstor64 (%rsp)\n"
        "    lea -72(%rbp), %rsp\n"
        "    pop %r11\n"
        "    pop %r10\n"
        "    pop %r9\n"
        "    pop %r8\n"
        "    pop %rdi\n"
        "    pop %rsi\n"
        "    pop %rcx\n"
        "    pop %rdx\n"
        "    pop %rax\n"
        "    pop %rbp\n"
        "    .cfi_def_cfa %rsp, 144\n"
        "    ret\n"
        "    .cfi_endproc\n"
        ".size rec_client_entry, .-rec_client_entry\n");

/* x87, SSE, AVX and AVX-512, as far as the system has switched them on. They fit into 2688 bytes.
 */
static bool state_is_kept(void)
{
    enum { KEPT = 0xe7 };
    uint32_t a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE))
        return false;
    __asm__("xgetbv" : "=a"(a), "=d"(d) : "c"(0));
    rec_client_state = a & KEPT;
    return true;
}

/* Stubs for one module, in pages that a short jump reaches. The first word is the entry. */
struct stubs {
    uint8_t *page, *next;
};

static uint8_t *map_near(uint64_t place)
{
    enum { STEP = 1 << 20, STEPS = 1000 };
    for (int64_t n = 1; n <= STEPS; n++)
        for (int side = 1; side >= -1; side -= 2) {
            uint64_t hint = (place & ~(uint64_t)(PAGE - 1)) + (uint64_t)(side * n * STEP);
            long p = rec_syscall6(SYS_mmap, (long)hint, PAGE, PROT_READ | PROT_WRITE,
                                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
            if (p == (long)hint)
                return (uint8_t *)p;
            if (p > 0)
                rec_sys_unmap((void *)p, PAGE);
        }
    return NULL;
}

static uint8_t *put32(uint8_t *p, int64_t value)
{
    for (unsigned i = 0; i < 4; i++)
        *p++ = (uint8_t)(value >> (i * 8));
    return p;
}

static void put64(uint8_t *p, uint64_t value)
{
    for (unsigned i = 0; i < 8; i++)
        *p++ = (uint8_t)(value >> (i * 8));
}

static uint8_t *put_bytes(uint8_t *p, const char *bytes, unsigned count)
{
    while (count--)
        *p++ = (uint8_t)*bytes++;
    return p;
}

/* The stub for a request that ends at BEHIND; its last eight bytes are that address. */
static void make_stub(uint8_t *stub, const uint8_t *page, uint64_t behind)
{
    const uint8_t *constant = stub + STUB - 8;
    uint8_t *p = put_bytes(stub, "\x48\x8d\x64\x24\x80\xff\x35", 7); /* lea, push */
    p = put32(p, constant - (p + 4));
    p = put_bytes(p, "\xff\x15", 2); /* call */
    p = put32(p, page - (p + 4));
    p = put_bytes(p, "\x48\x8d\xa4\x24\x88\0\0\0\xff\x25", 10); /* lea, jmp */
    p = put32(p, constant - (p + 4));
    put64(stub + STUB - 8, behind);
}

static bool seal(struct stubs *stubs)
{
    if (!stubs->page)
        return true;
    return rec_syscall3(SYS_mprotect, (long)stubs->page, PAGE, PROT_READ | PROT_EXEC) == 0;
}

static uint8_t *new_stub(struct stubs *stubs, uint64_t site)
{
    if (!stubs->page || stubs->next + STUB > stubs->page + PAGE) {
        if (!seal(stubs) || !(stubs->page = map_near(site)))
            return NULL;
        put64(stubs->page, (uint64_t)rec_client_entry);
        stubs->next = stubs->page + ENTRY;
    }
    uint8_t *stub = stubs->next;
    int64_t distance = (int64_t)((uint64_t)stub - site);
    if (distance != (int32_t)distance)
        return NULL;
    stubs->next += STUB;
    make_stub(stub, stubs->page, site + REQUEST);
    return stub;
}

static bool is_request(const uint8_t *p)
{
    static const uint8_t bytes[REQUEST] = {0x48, 0xc1, 0xc7, 3,    0x48, 0xc1, 0xc7,
                                           13,   0x48, 0xc1, 0xc7, 61,   0x48, 0xc1,
                                           0xc7, 51,   0x48, 0x87, 0xdb};
    for (unsigned i = 0; i < REQUEST; i++)
        if (p[i] != bytes[i])
            return false;
    return true;
}

static void protect(const uint8_t *site, int protection)
{
    uint64_t first = (uint64_t)site & ~(uint64_t)(PAGE - 1);
    uint64_t last = ((uint64_t)site + JUMP - 1) & ~(uint64_t)(PAGE - 1);
    rec_syscall3(SYS_mprotect, (long)first, (long)(last - first + PAGE), protection);
}

static bool is_writable(const uint8_t *site)
{
    uint64_t first = (uint64_t)site & ~(uint64_t)(PAGE - 1);
    uint64_t last = ((uint64_t)site + JUMP - 1) & ~(uint64_t)(PAGE - 1);
    return rec_syscall3(SYS_mprotect, (long)first, (long)(last - first + PAGE),
                        PROT_READ | PROT_WRITE | PROT_EXEC) == 0;
}

/* The code is executed by this thread's own hooks too, perhaps: it stays executable meanwhile. */
static bool patch(struct stubs *stubs, uint8_t *site)
{
    uint8_t *stub = new_stub(stubs, (uint64_t)site);
    if (!stub || !is_writable(site))
        return false;
    put32(site + 1, stub - (site + JUMP));
    __atomic_store_n(site, 0xe9, __ATOMIC_RELEASE);
    protect(site, PROT_READ | PROT_EXEC);
    return true;
}

/* How far on the next request may begin, by the byte where this one's last should be (Horspool,
 * "Practical fast searching in strings", 1980); 0: as far as a request is long. */
static const uint8_t shifts[256] = {
    [0x87] = 1, [0x48] = 2, [51] = 3, [0xc7] = 4, [0xc1] = 5, [61] = 7, [13] = 11, [3] = 15};

static void search(struct stubs *stubs, uint8_t *from, uint64_t size)
{
    uint8_t *end = from + size;
    while (from + REQUEST <= end) {
        uint8_t last = from[REQUEST - 1];
        if (rec_unlikely(last == 0xdb) && is_request(from) && !patch(stubs, from))
            return;
        from += shifts[last] ? shifts[last] : REQUEST;
    }
}

void rec_requests_find(const struct dl_phdr_info *module)
{
    if (!rec_client_state && !state_is_kept())
        return;
    struct stubs stubs = {0};
    for (unsigned i = 0; i < module->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &module->dlpi_phdr[i];
        if (segment->p_type == PT_LOAD && segment->p_flags == (PF_R | PF_X))
            search(&stubs, (uint8_t *)(module->dlpi_addr + segment->p_vaddr), segment->p_filesz);
    }
    seal(&stubs);
}
