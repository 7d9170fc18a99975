/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/output.h"

#include "cli/pager.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int sn_write_all(int fd, const char *bytes, size_t size, const char *name, struct sn_error *err)
{
    fd = sn_pager_of(fd);
    for (size_t done = 0; done < size;) {
        ssize_t n = write(fd, bytes + done, size - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return sn_fail(err, SN_E_SYSTEM, name, SN_NO_OFFSET, "cannot be written: %s",
                           strerror(errno));
        done += (size_t)n;
    }
    return 0;
}

/* Not truncated yet: an earlier report stays until there is a new one. */
static int open_file(const char *path, int *fd, struct sn_error *err)
{
    *fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY, 0666);
    if (*fd < 0)
        return sn_fail(err, SN_E_SYSTEM, path, SN_NO_OFFSET, "cannot be written: %s",
                       strerror(errno));
    return 0;
}

static void empty_file(int fd)
{
    struct stat st;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && ftruncate(fd, 0) == 0)
        lseek(fd, 0, SEEK_SET);
}

static struct sn_output_target *add_target(struct sn_output *output, const char *renderer)
{
    struct sn_output_target *target = vec_push(&output->targets);
    target->renderer = sn_renderer_by_name(renderer);
    target->fd = output->stream;
    target->name = output->stream_name;
    return target;
}

/* The text report is left out where another report goes to the same place, or where text has a
 * place of its own. */
static bool text_is_wanted(const struct sn_output *output)
{
    vec_each (struct sn_output_target, t, &output->targets) {
        if (t->fd == output->stream || strcmp(t->renderer->name, "text") == 0)
            return false;
    }
    return true;
}

static bool has_text(const struct sn_output *output)
{
    vec_each (struct sn_output_target, t, &output->targets)
        if (strcmp(t->renderer->name, "text") == 0)
            return true;
    return false;
}

int sn_output_open(struct sn_output *output, const struct sn_settings *settings, int stream,
                   struct sn_error *err)
{
    *output = (struct sn_output){.settings = settings,
                                 .stream = stream,
                                 .stream_name = stream == STDERR_FILENO ? "stderr" : "stdout"};
    if (settings->log_file) {
        if (open_file(settings->log_file, &output->stream, err) < 0)
            return err->code;
        output->own_stream = true;
        output->stream_name = settings->log_file;
        empty_file(output->stream);
    }
    vec_each (const struct sn_format, f, &settings->formats) {
        struct sn_output_target *target = add_target(output, f->renderer->name);
        if (!f->file)
            continue;
        target->name = f->file;
        if (strcmp(f->file, "-") == 0) {
            target->fd = STDOUT_FILENO;
            continue;
        }
        if (open_file(f->file, &target->fd, err) < 0) {
            output->targets.count--;
            return err->code;
        }
        target->own = true;
    }
    if (text_is_wanted(output))
        add_target(output, "text");
    if (settings->gen_suppressions && !has_text(output))
        return sn_fail(err, SN_E_USAGE, NULL, SN_NO_OFFSET,
                       "--gen-suppressions needs a text report: add --format=text:FILE");
    return 0;
}

bool sn_output_has_text(const struct sn_output *output, int fd)
{
    vec_each (struct sn_output_target, t, &output->targets)
        if (t->fd == fd && strcmp(t->renderer->name, "text") == 0)
            return true;
    return false;
}

static bool is_colored(const struct sn_settings *settings, int fd)
{
    if (settings->color != SN_COLOR_AUTO)
        return settings->color == SN_COLOR_ALWAYS;
    const char *no_color = getenv("NO_COLOR"), *terminal = getenv("TERM");
    return !(no_color && *no_color) && terminal && strcmp(terminal, "dumb") != 0 && isatty(fd);
}

static struct sn_render_options render_options(const struct sn_output *output, int fd)
{
    const struct sn_settings *settings = output->settings;
    return (struct sn_render_options){.color = fd >= 0 && is_colored(settings, fd),
                                      .verbose = settings->verbose,
                                      .source_root = settings->symbols.source_root,
                                      .gen_suppressions = settings->gen_suppressions};
}

static int render(struct sn_output *output, struct sn_output_target *target,
                  sn_output_renderer *renderer, const void *data, struct sn_error *err)
{
    struct sn_render_options options = render_options(output, target->fd);
    struct sn_text text = {0};
    renderer(&text, target, data, &options);
    if (target->own)
        empty_file(target->fd);
    int ret = sn_write_all(target->fd, text.at, text.length, target->name, err);
    sn_text_release(&text);
    return ret;
}

int sn_output_render(struct sn_output *output, sn_output_renderer *renderer, const void *data,
                     struct sn_error *err)
{
    int ret = 0;
    struct sn_error later;
    vec_each (struct sn_output_target, t, &output->targets) {
        int r = render(output, t, renderer, data, ret ? &later : err);
        ret = ret ? ret : r;
    }
    return ret;
}

static void render_report(struct sn_text *text, const struct sn_output_target *target,
                          const void *data, const struct sn_render_options *options)
{
    target->renderer->render(text, data, options);
}

/* To the end of a file that others write to as well. */
static int append(const char *path, const struct sn_text *text, struct sn_error *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0666);
    if (fd < 0)
        return sn_fail(err, SN_E_SYSTEM, path, SN_NO_OFFSET, "cannot be written: %s",
                       strerror(errno));
    int ret = sn_write_all(fd, text->at, text->length, path, err);
    close(fd);
    return ret;
}

int sn_output_summarize(struct sn_output *output, const struct sn_report *report,
                        const struct sn_diff *diff, struct sn_error *err)
{
    const struct sn_renderer *last = NULL;
    vec_each (struct sn_output_target, target, &output->targets) {
        const struct sn_renderer *renderer = target->renderer;
        const char *path = renderer->summary ? getenv(renderer->summary_variable) : NULL;
        if (!path || !*path || renderer == last)
            continue;
        last = renderer;
        struct sn_render_options options = render_options(output, -1);
        struct sn_text text = {0};
        options.diff = diff;
        renderer->summary(&text, report, &options);
        int ret = append(path, &text, err);
        sn_text_release(&text);
        if (ret < 0)
            return ret;
    }
    return 0;
}

int sn_output_report(struct sn_output *output, const struct sn_report *report, struct sn_error *err)
{
    int ret = sn_output_render(output, render_report, report, err);
    return ret < 0 ? ret : sn_output_summarize(output, report, NULL, err);
}

int sn_output_text(struct sn_output *output, const char *text, size_t length, struct sn_error *err)
{
    return sn_write_all(output->stream, text, length, output->stream_name, err);
}

void sn_output_close(struct sn_output *output)
{
    vec_each (struct sn_output_target, t, &output->targets) {
        if (t->own)
            close(t->fd);
    }
    if (output->own_stream)
        close(output->stream);
    vec_release(&output->targets);
}
