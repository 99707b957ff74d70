#include <exception>
#include <iostream>
#include <new>
#include <string>
#include <vector>

#include "host/base/plain_text.hpp"
#include "host/cli/command.hpp"

int main(int argc, char** argv) {
  using namespace earshot::host;
  const auto end = [](ExitCode code, const char* message) {
    std::cout.flush();
    std::cerr << "runner: " << plain_text(message) << '\n';
    return static_cast<int>(code);
  };
  try {
    return static_cast<int>(dispatch({argv + 1, argv + argc}));
  } catch (const Failure& failure) {
    std::cout.flush();
    std::cerr << plain_text(failure.what()) << '\n';
    return static_cast<int>(failure.code());
  } catch (const std::bad_alloc&) {
    return end(ExitCode::cells_not_ok, "out of memory");
  } catch (const std::exception& error) {
    return end(ExitCode::usage, error.what());
  }
}
