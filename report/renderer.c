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
};

const struct sn_renderer *sn_renderer_by_name(const char *name)
{
    for (size_t i = 0; i < sizeof renderers / sizeof *renderers; i++)
        if (strcmp(renderers[i]->name, name) == 0)
            return renderers[i];
    return NULL;
}

const char *sn_renderer_names(void)
{
#define RENDERER(name) ", " #name
    static const char names[] =
#include "report/renderers.def"
        ;
#undef RENDERER
    return names + strlen(", ");
}
