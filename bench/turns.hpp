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

/// Parses `PROGRAM PLUGIN COMPONENT [key=value ...]` over these defaults. Without a plugin or a
/// component, or for a key without a default, it prints an error and exits with status 2.
inline Keys read_keys(int argc, char** argv, Keys keys) {
  const auto refuse = [&](const std::string& problem) {
    std::fprintf(stderr, "%s: %s; usage: PLUGIN COMPONENT [key=value ...]\n", argv[0],
                 problem.c_str());
    std::exit(2);
  };
  if (argc < 3) refuse("PLUGIN or COMPONENT is missing");
  for (int i = 3; i < argc; ++i) {
    const std::string argument = argv[i];
    const auto key = keys.find(argument.substr(0, argument.find('=')));
    if (key == keys.end()) refuse("'" + argument + "' is no key");
    key->second = argument.substr(argument.find('=') + 1);
  }
  return keys;
}

/// Runs `step` once to warm up and prints "ready"; then, for each line that it reads, runs it again
/// and prints the seconds that it took, divided by the number of its parts. Used by side_by_side.py
/// --inside.
inline void take_turns(const std::function<void()>& step, double parts = 1) {
  step();
  std::printf("ready\n");
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
