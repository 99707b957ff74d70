#pragma once
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <map>
#include <string>

namespace earshot::bench {

using Keys = std::map<std::string, std::string>;

/// The arguments `key=value` from the one at `first` on, over these defaults. Exits with 2 and a
/// message for a key that has no default.
inline Keys read_keys(int argc, char** argv, int first, Keys keys) {
  const auto refuse = [&](const std::string& problem) {
    std::fprintf(stderr, "%s: %s; usage: %s[key=value ...]\n", argv[0], problem.c_str(),
                 first == 3 ? "PLUGIN COMPONENT " : "");
    std::exit(2);
  };
  if (argc < first) refuse("PLUGIN or COMPONENT is missing");
  for (int i = first; i < argc; ++i) {
    const std::string argument = argv[i];
    const auto key = keys.find(argument.substr(0, argument.find('=')));
    if (key == keys.end()) refuse("unknown key '" + argument + "'");
    key->second = argument.substr(argument.find('=') + 1);
  }
  return keys;
}

/// Does `step` once to warm up and prints "ready", with the GFLOP of a part if they are known;
/// then, for each line that it reads, does it again and prints the seconds that it took, divided by
/// its parts. side_by_side.py --inside drives it.
inline void take_turns(const std::function<void()>& step, double parts = 1, double gigaflop = 0) {
  step();
  gigaflop > 0 ? std::printf("ready %g\n", gigaflop) : std::printf("ready\n");
  std::fflush(stdout);
  for (std::string line; std::getline(std::cin, line);) {
    const auto start = std::chrono::steady_clock::now();
    step();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    std::printf("%.9f\n", took.count() / parts);
    std::fflush(stdout);
  }
}

}  // namespace earshot::bench
