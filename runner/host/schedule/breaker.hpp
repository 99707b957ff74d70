#pragma once
#include <map>
#include <set>
#include <string>
#include <vector>

namespace earshot::host {

/// Stops submitting what fails the same way again and again. A part is a label of a cell: its
/// encoder, task, mapper or language model. Parts are parked when `limit` cells in a row failed
/// with the same error and no cell of theirs succeeded in this invocation:
///  - a combination of parts (seeds and options differ), or
///  - one part, if it failed beside at least two different partners; so a broken encoder cannot
///    park the task that it was tried with.
class CircuitBreaker {
 public:
  explicit CircuitBreaker(int limit = 5) : limit_(limit) {}

  /// `parts` as "encoder 'mimi'", in a fixed order.
  void succeeded(const std::vector<std::string>& parts);
  void failed(const std::vector<std::string>& parts, const std::string& error);

  /// Why cells of these parts are not submitted any more; "" when they are.
  std::string open(const std::vector<std::string>& parts) const;

 private:
  struct Record {
    std::string error{};
    int count = 0;
    bool succeeded = false;
    std::set<std::string> partners{};
  };
  std::map<std::string, Record> records_;
  int limit_;

  bool tripped(const std::string& name, std::size_t partners) const;
};

}  // namespace earshot::host
