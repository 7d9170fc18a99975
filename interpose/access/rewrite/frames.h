/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a module's .eh_frame says of its functions: where each begins and ends, how it is unwound,
 * and where its exceptions are caught (the "language-specific data area", LSDA, as the Itanium C++
 * ABI and gcc's unwinder have it). Read from memory, where the module lies ready to run, and never
 * beyond it.
 */
#ifndef REC_ACCESS_REWRITE_FRAMES_H
#define REC_ACCESS_REWRITE_FRAMES_H

#include <stdbool.h>
#include <stdint.h>

enum { RW_SEGMENTS = 8 };

struct rw_module {
    uint64_t base;        /* what is added to addresses of its file */
    uint64_t start, end;  /* of all that is mapped */
    uint64_t code_end;    /* of its last segment with code, to a whole page */
    bool parted;          /* between segments with code lies something else, or nothing */
    const uint8_t *index; /* .eh_frame_hdr */
    const void *dynamic;  /* its dynamic section, or NULL */
    struct {
        uint64_t start, end;
    } constants[RW_SEGMENTS]; /* what cannot be written from the start, as far as it is known */
    uint32_t constant_count;
    const uint8_t *text; /* from its first function on */
    uint32_t size;       /* to the end of the last one */
};

/* How pointers are written: DWARF's DW_EH_PE_... */
enum {
    RW_POINTER_OMITTED = 0xff,
    RW_POINTER_U32 = 0x03,
    RW_POINTER_S32_FROM_HERE = 0x1b,
    RW_POINTER_ULEB = 0x01,
    RW_POINTER_INDIRECT = 0x80,
};

/* A place in a table. Reading beyond the end gives zeros, and is noted. */
struct rw_table {
    const uint8_t *at, *end;
    bool bad;
};

uint64_t rw_table_number(struct rw_table *table, unsigned bytes); /* little-endian */
uint64_t rw_table_uleb(struct rw_table *table);
int64_t rw_table_sleb(struct rw_table *table);
/* A pointer written in that ENCODING, without the indirection that it may ask for. */
uint64_t rw_table_pointer(struct rw_table *table, uint8_t encoding);

/* One common information entry. */
struct rw_cie {
    const uint8_t *at;           /* its length, with which it begins */
    const uint8_t *alignments;   /* factors and register of the return address ... */
    const uint8_t *augmentation; /* ... up to here */
    const uint8_t *instructions, *end;
    uint64_t personality;                  /* the function, or the place that says it; 0: none */
    uint8_t pointer, lsda, personality_as; /* encodings */
    bool augmented;
};

/* One function, or a part of one. */
struct rw_frame {
    uint64_t begin, end; /* addresses */
    uint64_t lsda;       /* or 0 */
    const uint8_t *instructions, *instructions_end;
    struct rw_cie cie;
};

/* How many functions MODULE's index names; 0 if it has none that can be read. */
uint32_t rw_frames_count(const struct rw_module *module);
/* The Nth of them, by address. False if it is of a kind that is not known here. */
bool rw_frame_read(const struct rw_module *module, uint32_t n, struct rw_frame *frame);
/* Where the Nth begins: known of all. */
uint64_t rw_frame_begin(const struct rw_module *module, uint32_t n);

/* One instruction of a frame's table. */
struct rw_cfa {
    const uint8_t *at, *end;
    uint32_t advance; /* in the text, or 0 */
    bool advances;
};

/* The next one. False at the end, or, if TABLE is bad then, at one that cannot be moved. */
bool rw_cfa_next(struct rw_table *table, struct rw_cfa *cfa);

/* An LSDA's head, and its calls one by one. */
struct rw_lsda {
    uint64_t pads;  /* what landing pads count from */
    uint64_t types; /* the table of types counts backwards from here; 0: there is none */
    const uint8_t *actions;
    struct rw_table calls;
    uint8_t types_as, calls_as; /* encodings */
};

struct rw_call {
    uint64_t begin, length; /* from the frame's begin on */
    uint64_t pad;           /* address, or 0 */
    uint64_t action;        /* place in the actions plus 1, or 0 */
};

bool rw_lsda_read(const struct rw_module *module, const struct rw_frame *frame,
                  struct rw_lsda *lsda);
bool rw_lsda_next(struct rw_lsda *lsda, struct rw_call *call);

#endif
