/* SPDX-License-Identifier: Apache-2.0 */
/* Exceptions through the standard library and through frames with things to destroy, in two
 * threads; what each thread saw is printed in turn. With an argument: one that nobody catches. */
#include <algorithm>
#include <any>
#include <functional>
#include <future>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

struct Told {
    std::ostringstream &out;
    std::string name;
    ~Told() { out << '~' << name << (std::uncaught_exceptions() ? "! " : " "); }
};

struct Mine : std::runtime_error {
    int code;
    Mine(const std::string &what, int code) : std::runtime_error(what), code(code) {}
};

static void thrown(std::ostringstream &out, int depth)
{
    Told told{out, std::to_string(depth)};
    if (!depth)
        throw Mine("bottom", 42);
    try {
        thrown(out, depth - 1);
    } catch (const Mine &mine) {
        if (depth % 2)
            throw;
        throw Mine(mine.what() + std::string("<") + std::to_string(depth), mine.code + depth);
    }
}

static void by_library(std::ostringstream &out)
{
    try {
        std::string("short").substr(10);
    } catch (const std::out_of_range &e) {
        out << e.what() << '\n';
    }
    try {
        std::vector<int>(3).at(7);
    } catch (const std::exception &e) {
        out << e.what() << '\n';
    }
    try {
        std::stoi("garlic");
    } catch (const std::logic_error &e) {
        out << e.what() << '\n';
    }
    try {
        std::any_cast<int>(std::any(std::string()));
    } catch (const std::bad_cast &e) {
        out << e.what() << '\n';
    }
    try {
        std::function<void()>()();
    } catch (const std::bad_function_call &e) {
        out << e.what() << '\n';
    }
    std::istringstream in("x");
    in.exceptions(std::ios::failbit);
    try {
        int number;
        in >> number;
    } catch (const std::ios_base::failure &e) {
        out << e.what() << '\n';
    }
}

/* Through std::sort, by a comparison that throws. */
static void through_library(std::ostringstream &out, int round)
{
    std::vector<int> numbers(1000);
    for (int i = 0; i < 1000; i++)
        numbers[i] = i * 7919 % 1009;
    int left = 100 + round;
    try {
        std::sort(numbers.begin(), numbers.end(), [&](int a, int b) {
            if (!left--)
                throw a + b;
            return a < b;
        });
    } catch (const char *) {
        out << "never\n";
    } catch (int sum) {
        out << "sum " << sum << '\n';
    }
}

static std::string all()
{
    std::ostringstream out;
    for (int round = 0; round < 50; round++) {
        try {
            thrown(out, round % 9);
        } catch (const std::exception &e) {
            out << e.what() << ' ' << dynamic_cast<const Mine &>(e).code << '\n';
        }
        by_library(out);
        through_library(out, round);
        std::promise<int> promise;
        promise.set_exception(std::make_exception_ptr(Mine("carried", round)));
        try {
            promise.get_future().get();
        } catch (const Mine &mine) {
            out << mine.what() << mine.code << '\n';
        }
        try {
            try {
                throw 1;
            } catch (...) {
                std::throw_with_nested(std::logic_error("nested"));
            }
        } catch (const std::exception &e) {
            try {
                std::rethrow_if_nested(e);
            } catch (int n) {
                out << e.what() << n << '\n';
            }
        }
    }
    return out.str();
}

int main(int argc, char **)
{
    if (argc > 1) {
        std::ostringstream out;
        thrown(out, 3);
    }
    std::string told[2];
    std::thread threads[2];
    for (int i = 0; i < 2; i++)
        threads[i] = std::thread([&told, i] { told[i] = all(); });
    for (auto &thread : threads)
        thread.join();
    std::cout << told[0] << (told[0] == told[1] ? "same" : "other") << '\n';
    return told[0] != all();
}
