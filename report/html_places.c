/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Around a frame's line the function is shown as far as its extent can be guessed from the layout:
 * up to a line that begins at the margin and down to a closing brace there, within limits.
 */
#include "report/html_places.h"

#include "base/utf8.h"
#include "finding/index.h"
#include "finding/stack.h"
#include "report/markup.h"
#include "report/tell.h"
#include "report/tree.h"

#include <ctype.h>
#include <string.h>

#define SET(object, key, value) json_object_set_new((object), (key), (value))

enum {
    MOST_LINES = 60000, /* of all files */
    UP = 40,            /* at most, from the line on, to where the function begins */
    DOWN = 30,          /* and to where it ends */
    AROUND = 6,         /* where no such place is found */
    LONGEST_LINE = 400,
    FRAMES = 256, /* of one stack: the innermost */
};

struct sn_html_file {
    const char *path; /* the frame's own */
    VEC(bool) wanted; /* by line */
};

static void add_hashed(struct sn_text *key, const char *text)
{
    uint64_t hash = text ? sn_hash(text, strlen(text)) : 0;
    sn_text_add(key, (const char *)&hash, sizeof hash);
}

static uint64_t frame_key(const struct sn_frame *frame)
{
    struct sn_text key = {0};
    const struct sn_expression *expression = frame->expression;
    uint64_t numbers[] = {frame->line,
                          frame->column,
                          frame->offset,
                          frame->inlined,
                          expression ? expression->column : 0,
                          expression ? expression->end_column : 0};
    sn_text_add(&key, (const char *)numbers, sizeof numbers);
    add_hashed(&key, frame->function);
    add_hashed(&key, frame->file);
    add_hashed(&key, frame->module);
    uint64_t hash = sn_hash(key.at, key.length);
    sn_text_release(&key);
    return hash;
}

static const char *line_of(struct sn_html_places *places, const char *path, uint32_t line)
{
    return sn_sources_line(&places->sources, path, line);
}

/* A line of a function's head, or of what stands between functions. */
static bool begins_function(const char *line)
{
    return isalpha((unsigned char)*line) || *line == '_' || *line == '/';
}

static uint32_t first_line(struct sn_html_places *places, const char *path, uint32_t line)
{
    for (uint32_t up = 0; up < UP && up < line; up++) {
        const char *text = line_of(places, path, line - up);
        if (text && begins_function(text) && !strchr(text, ':'))
            return line - up;
    }
    return line > AROUND ? line - AROUND : 1;
}

static uint32_t last_line(struct sn_html_places *places, const char *path, uint32_t line)
{
    for (uint32_t down = 0; down < DOWN; down++) {
        const char *text = line_of(places, path, line + down);
        if (!text)
            return line + down;
        if (*text == '}')
            return line + down;
    }
    return line + AROUND;
}

static void want_lines(struct sn_html_places *places, struct sn_html_file *file, uint32_t line)
{
    uint32_t end = last_line(places, file->path, line);
    for (uint32_t at = first_line(places, file->path, line);
         at <= end && places->lines < MOST_LINES; at++) {
        vec_cover(&file->wanted, at);
        places->lines += !file->wanted.at[at];
        file->wanted.at[at] = true;
    }
}

/* The number of the file that FRAME lies in, or -1 if there is no line of it here. */
static json_int_t file_number(struct sn_html_places *places, const struct sn_frame *frame)
{
    if (!frame->file || !frame->line || !line_of(places, frame->file, frame->line))
        return -1;
    uint64_t *number = sn_map_at(&places->paths, sn_hash(frame->file, strlen(frame->file)));
    if (!*number) {
        vec_push(&places->files)->path = frame->file;
        *number = places->files.count;
    }
    want_lines(places, &places->files.at[*number - 1], frame->line);
    return (json_int_t)*number - 1;
}

/* How many characters the first COUNT of LINE become as the page has it. */
static json_int_t shown(const char *line, uint32_t count)
{
    struct sn_text head = {0}, plain = {0};
    sn_text_puts(&head, "");
    sn_text_add(&head, line, (size_t)(sn_utf8_skip(line, count) - line));
    sn_plain(&plain, head.at, LONGEST_LINE);
    json_int_t characters = 0;
    for (const char *at = plain.at; *at; at = sn_utf8_skip(at, 1))
        characters++;
    sn_text_release(&head);
    sn_text_release(&plain);
    return characters;
}

/* [FROM, TO, WHAT]: the expression on the frame's line, and its declaration or null. */
static json_t *expression_array(struct sn_html_places *places, const struct sn_frame *frame)
{
    const struct sn_expression *expression = frame->expression;
    bool here = expression && expression->line == frame->line && expression->column;
    const char *line = here ? line_of(places, frame->file, frame->line) : NULL;
    if (!line)
        return json_null();
    bool one_line = expression->end_line == expression->line && expression->end_column;
    struct sn_text what = {0};
    if (expression->declaration.name && expression->declaration.type)
        sn_text_printf(&what, "%s: %s", expression->declaration.name, expression->declaration.type);
    json_t *text = what.length ? sn_tree_line(&what) : json_null();
    if (!what.length)
        sn_text_release(&what);
    return json_pack("[I,I,o]", shown(line, expression->column - 1),
                     shown(line, one_line ? expression->end_column - 1 : UINT32_MAX), text);
}

static json_t *frame_array(struct sn_html_places *places, const struct sn_frame *frame)
{
    struct sn_text function = {0}, place = {0};
    sn_tell_function(&function, frame);
    sn_tell_place(&place, frame);
    return json_pack("[o,o,I,I,b,b,o]", sn_tree_line(&function), sn_tree_line(&place),
                     file_number(places, frame), (json_int_t)frame->line, sn_frame_is_own(frame),
                     (int)frame->inlined, expression_array(places, frame));
}

json_t *sn_html_frame(struct sn_html_places *places, const struct sn_frame *frame)
{
    if (!frame || (!frame->function && !frame->file && !frame->module))
        return json_null();
    uint64_t *number = sn_map_at(&places->known, frame_key(frame));
    if (!places->frames)
        places->frames = json_array();
    if (!*number) {
        json_array_append_new(places->frames, frame_array(places, frame));
        *number = json_array_size(places->frames);
    }
    return json_integer((json_int_t)*number - 1);
}

json_t *sn_html_stack(struct sn_html_places *places, const struct sn_stack *stack)
{
    if (!stack->count)
        return json_null();
    struct sn_stack rest = sn_stack_trim(stack);
    const struct sn_frame *place = sn_stack_place(stack);
    json_t *frames = json_array();
    for (size_t i = 0; i < stack->count && i < FRAMES; i++)
        json_array_append_new(frames, sn_html_frame(places, &stack->frames[i]));
    size_t first = (size_t)(rest.frames - stack->frames);
    return json_pack("{s:o,s:I,s:I,s:I}", "frames", frames, "first", (json_int_t)first, "end",
                     (json_int_t)(first + rest.count), "place",
                     (json_int_t)(place ? place - stack->frames : 0));
}

/* [[FIRST, LINE...]...]: runs of lines, with the number of the first. */
static json_t *runs(struct sn_html_places *places, const struct sn_html_file *file)
{
    json_t *all = json_array(), *run = NULL;
    for (size_t line = 0; line < file->wanted.count; line++) {
        const char *text =
            file->wanted.at[line] ? line_of(places, file->path, (uint32_t)line) : NULL;
        if (!text) {
            run = NULL;
            continue;
        }
        if (!run) {
            run = json_pack("[I]", (json_int_t)line);
            json_array_append_new(all, run);
        }
        json_array_append_new(run, sn_tree_plain(text, LONGEST_LINE));
    }
    return all;
}

void sn_html_places_write(struct sn_html_places *places, json_t *document)
{
    json_t *files = json_array();
    vec_each (struct sn_html_file, file, &places->files) {
        struct sn_text path = {0};
        sn_tell_place(&path, &(struct sn_frame){.file = file->path});
        json_array_append_new(files, json_pack("{s:o,s:o}", "path", sn_tree_line(&path), "lines",
                                               runs(places, file)));
    }
    SET(document, "frames", places->frames ? places->frames : json_array());
    SET(document, "files", files);
    places->frames = NULL;
}

void sn_html_places_release(struct sn_html_places *places)
{
    vec_each (struct sn_html_file, file, &places->files)
        vec_release(&file->wanted);
    vec_release(&places->files);
    sn_map_release(&places->known);
    sn_map_release(&places->paths);
    json_decref(places->frames);
    sn_sources_release(&places->sources);
}
