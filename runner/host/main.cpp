#include <exception>
#include <iostream>
#include <new>
#include <string>
#include <vector>

#include "host/base/output.hpp"
#include "host/base/plain_text.hpp"
#include "host/cli/command.hpp"

int main(int argc, char** argv) {
  using namespace earshot::host;
  const auto end = [](ExitCode code, const std::string& message) {
    flush_output();
    std::cerr << plain_text(message) << '\n';
    return static_cast<int>(code);
  };
  hold_standard_streams();
  try {
    const auto code = dispatch({argv + 1, argv + argc});
    if (!flush_output())
      return end(code == ExitCode::ok ? ExitCode::cells_not_ok : code,
                 "runner: standard output could not be written completely; is the disk full, or "
                 "is it closed?");
    return static_cast<int>(code);
  } catch (const Failure& failure) {
    return end(failure.code(), failure.what());
  } catch (const std::bad_alloc&) {
    return end(ExitCode::cells_not_ok, "runner: out of memory");
  } catch (const std::exception& error) {
    return end(ExitCode::usage, std::string("runner: ") + error.what());
  }
}
