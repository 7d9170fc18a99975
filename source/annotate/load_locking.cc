// SPDX-License-Identifier: Apache-2.0
#include "source/annotate/locking.hh"
#include "source/code/edits.hh"
#include "source/command.hh"

#include <llvm/Support/FileSystem.h>
#include <llvm/Support/Path.h>
#include <llvm/Support/Program.h>

#include <cstdio>

namespace snarl
{

namespace
{

// Removed with its end.
class temporary
{
  public:
    explicit temporary(const char *suffix)
    {
        llvm::SmallString<128> made;
        if (!llvm::sys::fs::createTemporaryFile("snarl-source", suffix, made))
            path = std::string(made);
    }
    ~temporary()
    {
        if (!path.empty())
            llvm::sys::fs::remove(path);
    }
    temporary(const temporary &) = delete;

    std::string path;
};

// snarl as it lies beside this program, else as the shell would find it.
std::string find_snarl(const std::string &named)
{
    if (!named.empty())
        return named;
    std::string own = llvm::sys::fs::getMainExecutable(nullptr, nullptr);
    llvm::SmallString<256> beside(llvm::sys::path::parent_path(own));
    llvm::sys::path::append(beside, "snarl");
    if (llvm::sys::fs::can_execute(beside))
        return std::string(beside);
    auto found = llvm::sys::findProgramByName("snarl");
    return found ? *found : "";
}

json analyzed(const std::vector<std::string> &traces, const std::string &named)
{
    std::string snarl = find_snarl(named);
    if (snarl.empty()) {
        say("there is no snarl beside this program nor on the path: name it with --snarl");
        return {};
    }
    temporary out("json"), messages("txt");
    std::string format = "--format=locking:" + out.path;
    std::vector<llvm::StringRef> arguments = {snarl, "analyze", "--fail-on=none", format, "--"};
    arguments.insert(arguments.end(), traces.begin(), traces.end());
    std::string error;
    std::optional<llvm::StringRef> streams[] = {llvm::StringRef(), llvm::StringRef(),
                                                llvm::StringRef(messages.path)};
    int code = llvm::sys::ExecuteAndWait(snarl, arguments, std::nullopt, streams, 0, 0, &error);
    json document;
    if (code == 0)
        document = json::load(out.path, error);
    if (!document.is_null())
        return document;
    std::fputs(read_file(messages.path).value_or("").c_str(), stderr);
    say(error.empty() ? snarl + " analyze could not read the traces" : snarl + ": " + error);
    return {};
}

bool is_document(const std::string &path)
{
    std::FILE *file = std::fopen(path.c_str(), "re");
    int first = file ? std::fgetc(file) : EOF;
    while (first == ' ' || first == '\n' || first == '\t' || first == '\r')
        first = std::fgetc(file);
    if (file)
        std::fclose(file);
    return first == '{' || first == '[';
}

bool is_locking(const json &document)
{
    return document["schema"].string() == "snarl-locking/1" && document["processes"].is_array();
}

} // namespace

json load_locking(const std::vector<std::string> &inputs, const std::string &snarl)
{
    json result = json::object(), processes = json::array();
    result.set("schema", json::text("snarl-locking/1"));
    std::vector<json> documents;
    std::vector<std::string> traces;
    for (const std::string &input : inputs) {
        if (!is_document(input)) {
            traces.push_back(input);
            continue;
        }
        std::string error;
        documents.push_back(json::load(input, error));
        if (error.empty() && !is_locking(documents.back()))
            error = input + ": is not of snarl analyze --format=locking (snarl-locking/1)";
        if (!error.empty()) {
            say(error);
            return {};
        }
    }
    if (!traces.empty())
        documents.push_back(analyzed(traces, snarl));
    bool complete = true;
    for (const json &document : documents) {
        if (document.is_null())
            return {};
        complete = complete && document["recording"]["complete"].boolean(true);
        for (const json &process : document["processes"].items())
            processes.append(process);
    }
    result.set("complete", json::truth(complete));
    result.set("processes", processes);
    return result;
}

} // namespace snarl
