/* SPDX-License-Identifier: Apache-2.0 */
#include "history/store.h"

#include "base/arena.h"
#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

bool sn_store_is_uri(const char *name)
{
    return strncmp(name, "postgresql://", 13) == 0 || strncmp(name, "postgres://", 11) == 0;
}

int sn_store_open(struct sn_store **store, const char *name, bool create, struct sn_error *err)
{
    *store = NULL;
    if (!*name)
        return sn_fail(err, SN_E_USAGE, NULL, SN_NO_OFFSET, "the name of the database is empty");
    return (sn_store_is_uri(name) ? &sn_postgres : &sn_sqlite)->open(store, name, create, err);
}

int sn_store_begin(struct sn_store *store, bool write, struct sn_error *err)
{
    return store->kind->begin(store, write, err);
}

int sn_store_commit(struct sn_store *store, struct sn_error *err)
{
    return sn_store_run(store, "COMMIT", NULL, 0, NULL, NULL, err);
}

int sn_store_run(struct sn_store *store, const char *sql, const char *const *values, size_t count,
                 sn_store_row *each, void *data, struct sn_error *err)
{
    struct sn_text *clean = sn_calloc(count + 1, sizeof *clean);
    const char **given = sn_calloc(count + 1, sizeof *given);
    for (size_t i = 0; i < count; i++) {
        if (values[i])
            sn_utf8_clean(&clean[i], values[i]);
        given[i] = clean[i].at;
    }
    int ret = store->kind->run(store, sql, given, count, each, data, err);
    for (size_t i = 0; i < count; i++)
        sn_text_release(&clean[i]);
    free(clean);
    free(given);
    return ret;
}

void sn_store_close(struct sn_store *store)
{
    if (store)
        store->kind->close(store);
}
