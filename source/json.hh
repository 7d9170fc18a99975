// SPDX-License-Identifier: Apache-2.0
//
// Documents in JSON: values that count who uses them, on top of jansson, which keeps the order of
// members and refuses what nests without end. A value that is missing is null, and asking a null,
// or a value of another type, gives nothing rather than an error: readers of reports ask for what
// they need, and whatever else stands there stays as it is.
//
//     json report = json::load(path, error);
//     for (json finding : report["findings"].items())
//         finding["sites"][0].set("note", json::text("seen"));
#ifndef SN_SOURCE_JSON_HH
#define SN_SOURCE_JSON_HH

#include <jansson.h>

#include <cstdint>
#include <string>
#include <vector>

namespace snarl
{

class json
{
  public:
    json() = default;
    json(const json &other) : value_(json_incref(other.value_))
    {
    }
    json(json &&other) noexcept : value_(other.value_)
    {
        other.value_ = nullptr;
    }
    json &operator=(json other) noexcept
    {
        std::swap(value_, other.value_);
        return *this;
    }
    ~json()
    {
        json_decref(value_);
    }

    static json object();
    static json array();
    // Bytes that are no UTF-8 become U+FFFD.
    static json text(const std::string &text);
    static json number(std::int64_t number);
    static json truth(bool truth);
    static json null();

    // The document in a file ("-": standard input). Null with `error` set, with file, line and
    // column, if there is none.
    static json load(const std::string &path, std::string &error);
    // Indented by two, with a newline at its end.
    std::string dump() const;

    bool is_null() const;
    bool is_object() const;
    bool is_array() const;
    bool is_text() const;
    json operator[](const char *key) const;   // null if absent
    json operator[](std::size_t index) const; // null if absent
    std::string string(const std::string &otherwise = "") const;
    std::int64_t integer(std::int64_t otherwise = 0) const;
    bool boolean(bool otherwise = false) const;
    std::vector<json> items() const; // an array's; empty otherwise

    // Of an object, and of an array. Nothing happens to other values.
    void set(const char *key, const json &value);
    void remove(const char *key);
    void append(const json &value);

  private:
    explicit json(json_t *owned) : value_(owned)
    {
    }
    json_t *value_ = nullptr;
};

} // namespace snarl

#endif
