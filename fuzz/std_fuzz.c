/* SPDX-License-Identifier: Apache-2.0 */
/* Any text as STD: the same operations whatever the windows, or the same fault at the same place.
 */
#include "base/vec.h"
#include "trace/std.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct reading {
    VEC(struct tr_op) ops;
    uint32_t names[TR_STD_SPACES];
    int code;
    uint64_t offset;
};

static struct reading reading_of(const uint8_t *data, size_t size, size_t window, size_t room)
{
    struct reading reading = {0};
    struct tr_std *std;
    struct sn_error err = {0};
    struct tr_op ops[100];
    int64_t count;
    reading.code = tr_std_open_memory(&std, data, size, &err);
    if (reading.code < 0)
        return reading;
    tr_std_set_window(std, window);
    while ((count = tr_std_next(std, ops, room, &err)) > 0)
        for (int64_t i = 0; i < count; i++)
            *vec_push(&reading.ops) = ops[i];
    for (unsigned space = 0; space < TR_STD_SPACES; space++) {
        reading.names[space] = tr_std_count(std, (enum tr_std_space)space);
        for (uint32_t i = 0; i < reading.names[space]; i++)
            if (!tr_std_name(std, (enum tr_std_space)space, i)[0])
                abort();
    }
    reading.code = (int)count;
    reading.offset = count < 0 ? err.offset : 0;
    tr_std_close(std);
    return reading;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reading one = reading_of(data, size, TR_STD_WINDOW, 100);
    struct reading other = reading_of(data, size, 1 + size % 7, 1 + size % 3);
    (void)tr_std_looks_like(data, size);
    if (one.code != other.code || one.offset != other.offset || one.ops.count != other.ops.count ||
        memcmp(one.names, other.names, sizeof one.names) != 0 || one.offset > size)
        abort();
    if (one.ops.count && memcmp(one.ops.at, other.ops.at, one.ops.count * sizeof *one.ops.at) != 0)
        abort();
    vec_release(&one.ops);
    vec_release(&other.ops);
    return 0;
}
