/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who unwinds asks the linker for the tables that describe a place. For moved code these are ours.
 * Who asks what a place is called, or for all places on its stack, is told where the code was.
 */
#include "interpose/access/rewrite/rewrite.h"
#include "interpose/core/rec.h"

#include "interpose/core/poison.h"

REC_EXPORT int _dl_find_object(void *pc, struct dl_find_object *result)
{
    const struct rw_image *image = rec_rewrite_at((uint64_t)pc);
    if (!REAL(_dl_find_object))
        return -1;
    if (!image)
        return REAL(_dl_find_object)(pc, result);
    int error = REAL(_dl_find_object)((void *)image->text, result);
    if (error)
        return error;
    result->dlfo_map_start = image->at;
    result->dlfo_map_end = image->at + image->size;
    result->dlfo_eh_frame = image->at + image->index;
    return 0;
}

REC_EXPORT int dladdr(const void *place, Dl_info *info)
{
    return REAL(dladdr)((const void *)rec_rewrite_old((uint64_t)place), info);
}

REC_EXPORT int backtrace(void **places, int most)
{
    int count = REAL(backtrace)(places, most);
    for (int i = 0; i < count; i++)
        places[i] = (void *)rec_rewrite_old((uint64_t)places[i]);
    return count;
}
