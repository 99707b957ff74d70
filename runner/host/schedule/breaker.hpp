#pragma once
#include <map>
#include <set>
#include <string>
#include <vector>

#include "host/plan/plan.hpp"
#include "host/schedule/attempt.hpp"

namespace earshot::host {

/// The parts of a cell, for CircuitBreaker: "encoder 'mimi'", "task 'room'" ...
std::vector<std::string> parts_of(const PlannedCell& cell);

/// Stops cells that keep failing in the same way. A part of a cell is its encoder, task, mapper or
/// language model. Cells are no longer begun after `limit` failures in a row that were the same, if
/// none succeeded in this invocation, with
///  - the same combination of parts (seeds and options may differ), or
///  - one part in combination with at least two different partners; so a broken encoder cannot stop
///    the task that it was tried with.
/// Typed errors are the same if their texts are equal; crashes, timeouts and the like are the same
/// if state, kind, signal and exit status are equal, whatever places and amounts their texts
/// mention.
class CircuitBreaker {
 public:
  explicit CircuitBreaker(int limit = 5) : limit_(limit) {}

  /// `parts` are texts such as "encoder 'mimi'", in a fixed order.
  void succeeded(const std::vector<std::string>& parts);
  void failed(const std::vector<std::string>& parts, const Ending& ending);

  /// Why cells with these parts are no longer begun; "" if they are.
  std::string open(const std::vector<std::string>& parts) const;

 private:
  struct Record {
    std::string mode{};   ///< how it failed, for comparison
    std::string error{};  ///< for people
    int count = 0;
    bool succeeded = false;
    std::set<std::string> partners{};
  };
  std::map<std::string, Record> records_;
  int limit_;

  bool tripped(const std::string& name, std::size_t partners) const;
};

}  // namespace earshot::host
