// SPDX-License-Identifier: Apache-2.0
#include "source/json.hh"

#include <llvm/Support/JSON.h>

#include <cstdio>
#include <cstdlib>
#include <memory>

namespace snarl
{

json json::object()
{
    return json(json_object());
}

json json::array()
{
    return json(json_array());
}

json json::text(const std::string &text)
{
    std::string valid = llvm::json::isUTF8(text) ? text : llvm::json::fixUTF8(text);
    return json(json_stringn(valid.data(), valid.size()));
}

json json::number(std::int64_t number)
{
    return json(json_integer(number));
}

json json::truth(bool truth)
{
    return json(json_boolean(truth));
}

json json::null()
{
    return json(json_null());
}

json json::load(const std::string &path, std::string &error)
{
    json_error_t where;
    json_t *document = path == "-" ? json_loadf(stdin, JSON_ALLOW_NUL, &where)
                                   : json_load_file(path.c_str(), JSON_ALLOW_NUL, &where);
    if (document)
        return json(document);
    error = path;
    if (where.line > 0)
        error += ":" + std::to_string(where.line) + ":" + std::to_string(where.column);
    error += std::string(": ") + where.text;
    if (where.line > 0)
        error += " (byte " + std::to_string(where.position) + ")";
    return {};
}

std::string json::dump() const
{
    std::unique_ptr<char, decltype(&std::free)> text(
        json_dumps(value_, JSON_INDENT(2) | JSON_ENCODE_ANY), &std::free);
    return text ? std::string(text.get()) + "\n" : "";
}

bool json::is_null() const
{
    return !value_ || json_is_null(value_);
}

bool json::is_object() const
{
    return json_is_object(value_);
}

bool json::is_array() const
{
    return json_is_array(value_);
}

bool json::is_text() const
{
    return json_is_string(value_);
}

json json::operator[](const char *key) const
{
    return json(json_incref(json_object_get(value_, key)));
}

json json::operator[](std::size_t index) const
{
    return json(json_incref(json_array_get(value_, index)));
}

std::string json::string(const std::string &otherwise) const
{
    if (!json_is_string(value_))
        return otherwise;
    return {json_string_value(value_), json_string_length(value_)};
}

std::int64_t json::integer(std::int64_t otherwise) const
{
    return json_is_integer(value_) ? json_integer_value(value_) : otherwise;
}

bool json::boolean(bool otherwise) const
{
    return json_is_boolean(value_) ? json_is_true(value_) : otherwise;
}

std::vector<json> json::items() const
{
    std::vector<json> items;
    for (std::size_t i = 0; i < json_array_size(value_); i++)
        items.push_back((*this)[i]);
    return items;
}

void json::set(const char *key, const json &value)
{
    json_object_set(value_, key, value.value_ ? value.value_ : json_null());
}

void json::remove(const char *key)
{
    json_object_del(value_, key);
}

void json::append(const json &value)
{
    json_array_append(value_, value.value_ ? value.value_ : json_null());
}

} // namespace snarl
