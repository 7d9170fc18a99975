/* SPDX-License-Identifier: Apache-2.0 */
#include "finding/function.h"

#include "finding/stack.h"

#include <ctype.h>
#include <string.h>

struct key {
    const char *at, *end;
    struct sn_text *out;
    size_t begin;  /* of the key in `out` */
    bool complete; /* behind the parameters */
};

static bool follows(const struct key *key, const char *text)
{
    size_t length = strlen(text);
    return (size_t)(key->end - key->at) >= length && memcmp(key->at, text, length) == 0;
}

static bool begins_component(const struct key *key)
{
    size_t length = key->out->length;
    return length == key->begin || key->out->at[length - 1] == ':';
}

/* Behind the bracket that closes the one at AT. */
static const char *behind_bracket(const char *at, const char *end)
{
    int depth = 0;
    for (; at < end; at++) {
        bool arrow = *at == '>' && at[-1] == '-';
        if (strchr("(<{[", *at))
            depth++;
        else if (strchr(")>}]", *at) && !arrow && --depth == 0)
            return at + 1;
    }
    return end;
}

/* "{lambda()#1}", "<lambda()>", "$_0"; false: the key does not go on with one. */
static bool add_lambda(struct key *key)
{
    bool bracketed =
        follows(key, "{lambda") || follows(key, "<lambda") || follows(key, "{{closure");
    if (!bracketed && !follows(key, "$_"))
        return false;
    if (bracketed)
        key->at = behind_bracket(key->at, key->end);
    else
        for (key->at += 2; key->at < key->end && isdigit((unsigned char)*key->at);)
            key->at++;
    sn_text_puts(key->out, "{lambda}");
    return true;
}

/* "operator()", "operator<<", "operator new": brackets in it open nothing. */
static bool add_operator(struct key *key)
{
    static const char word[] = "operator";
    if (!begins_component(key) || !follows(key, word))
        return false;
    const char *at = key->at + strlen(word);
    if (at < key->end && (isalnum((unsigned char)*at) || *at == '_'))
        return false;
    const char *name = at;
    if (at + 1 < key->end && *at == '(' && at[1] == ')')
        at += 2;
    else if (at < key->end && *at == ' ')
        while (at < key->end && *at != '(')
            at++;
    else
        while (at < key->end && *at != '(' && !(*at == '<' && at > name && at[-1] != '<'))
            at++;
    sn_text_add(key->out, key->at, (size_t)(at - key->at));
    key->at = at;
    return true;
}

/* A blank: behind parameters a qualifier follows, else what came was the result. */
static void pass_blank(struct key *key)
{
    static const char *const qualifiers[] = {"const", "volatile", "&&", "&", "noexcept"};
    key->at++;
    for (size_t i = 0; key->complete && i < sizeof qualifiers / sizeof *qualifiers; i++)
        if (follows(key, qualifiers[i])) {
            key->at += strlen(qualifiers[i]);
            return;
        }
    key->out->length = key->begin;
    key->complete = false;
}

static void add_some(struct key *key)
{
    if (follows(key, "(anonymous namespace)::")) {
        key->at += strlen("(anonymous namespace)::");
    } else if (*key->at == '(' || *key->at == '[' || (*key->at == '<' && !begins_component(key))) {
        key->complete |= *key->at == '(';
        key->at = behind_bracket(key->at, key->end);
    } else if (*key->at == ' ') {
        pass_blank(key);
    } else {
        sn_text_add(key->out, key->at++, 1);
    }
}

static bool is_outlined(const char *function)
{
    return strncmp(function, ".omp_outlined", strlen(".omp_outlined")) == 0 ||
           strstr(function, "._omp_fn");
}

/* What runs the constructors of a file's variables. */
static bool is_initialisation(const char *function)
{
    static const char *const names[] = {"__static_initialization_and_destruction",
                                        "_GLOBAL__sub_I_", "__cxx_global_var_init", NULL};
    for (const char *const *name = names; *name; name++)
        if (strncmp(function, *name, strlen(*name)) == 0)
            return true;
    return false;
}

void sn_function_key(struct sn_text *out, const char *function)
{
    if (is_outlined(function) || is_initialisation(function)) {
        sn_text_puts(out, is_outlined(function) ? "{omp}" : "{init}");
        return;
    }
    size_t length = sn_function_length(function);
    if (*function == '<' && strncmp(function, "<lambda", strlen("<lambda"))) {
        sn_text_add(out, function, length); /* Rust's <T as core::fmt::Debug>::fmt */
        return;
    }
    struct key key = {function, function + length, out, out->length, false};
    while (key.at < key.end)
        if (!add_lambda(&key) && !add_operator(&key))
            add_some(&key);
    if (out->length == key.begin) /* nothing but brackets: it is not of a form that is known */
        sn_text_add(out, function, length);
    sn_text_puts(out, "");
}

bool sn_function_is_lambda(const char *key)
{
    static const char end[] = "{lambda}::operator()";
    size_t length = strlen(key);
    return length >= strlen(end) && strcmp(key + length - strlen(end), end) == 0;
}
