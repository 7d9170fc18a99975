/* SPDX-License-Identifier: Apache-2.0 */
#include "report/renderer.h"

#include <string.h>

#define RENDERER(name) extern const struct sn_renderer sn_render_##name;
#include "report/renderers.def"
#undef RENDERER

static const struct sn_renderer *const renderers[] = {
#define RENDERER(name) &sn_render_##name,
#include "report/renderers.def"
#undef RENDERER
    NULL,
};

const struct sn_renderer *const *sn_renderers(void)
{
    return renderers;
}

const struct sn_renderer *sn_renderer_by_name(const char *name)
{
    for (const struct sn_renderer *const *at = renderers; *at; at++)
        if (strcmp((*at)->name, name) == 0)
            return *at;
    return NULL;
}
