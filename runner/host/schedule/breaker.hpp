#pragma once
#include <map>
#include <set>
#include <string>
#include <vector>

#include "host/plan/plan.hpp"
#include "host/schedule/attempt.hpp"

namespace earshot::host {

/// What a cell is made of, as CircuitBreaker takes it: "encoder 'mimi'", "task 'room'" ...
std::vector<std::string> parts_of(const PlannedCell& cell);

/// Stops submitting what fails the same way again and again. A part is a label of a cell: its
/// encoder, task, mapper or language model. Cells of a part are no longer begun when `limit` of
/// them in a row failed the same way and none succeeded in this invocation. Errors with a type are
/// the same when their texts are; crashes, timeouts and the like when state, kind, signal and exit
/// status are, whatever their texts say of place and amount.
///  - a combination of parts (seeds and options differ), or
///  - one part, if it failed beside at least two different partners; so a broken encoder cannot
///    stop the task that it was tried with.
class CircuitBreaker {
 public:
  explicit CircuitBreaker(int limit = 5) : limit_(limit) {}

  /// `parts` as "encoder 'mimi'", in a fixed order.
  void succeeded(const std::vector<std::string>& parts);
  void failed(const std::vector<std::string>& parts, const Ending& ending);

  /// Why cells of these parts are not submitted any more; "" when they are.
  std::string open(const std::vector<std::string>& parts) const;

 private:
  struct Record {
    std::string mode{};   ///< how it failed, to be compared
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
