# SPDX-License-Identifier: Apache-2.0
# needs: g++
# patience: 900
cat >a.cc <<'C'
#include <algorithm>
#include <iostream>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>
template <typename T> struct Box { T value; auto operator<=>(const Box &) const = default; };
int main()
{
    std::map<std::string, std::vector<Box<int>>> shelf;
    for (int i = 0; i < 50; i++) shelf[std::to_string(i % 7)].push_back({i * 31 % 17});
    for (auto &[name, boxes] : shelf) { std::sort(boxes.begin(), boxes.end());
        std::cout << name << ' ' << boxes.front().value << '\n'; }
    try { shelf.at("nothing"); }
    catch (const std::out_of_range &e) { std::cout << e.what() << '\n'; }
}
C
watched g++ -std=c++20 -O2 -c a.cc -o a.o && sha256sum a.o
watched g++ -std=c++20 a.o -o a && ./a; rm -f a
