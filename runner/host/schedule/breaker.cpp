#include "host/schedule/breaker.hpp"

#include "protocol/nearest.hpp"

namespace earshot::host {

std::vector<std::string> parts_of(const PlannedCell& planned) {
  const auto& cell = planned.cell;
  std::vector<std::string> parts{"encoder '" + cell.encoder.label + "'",
                                 "task '" + cell.task.label + "'"};
  if (!cell.mapper.label.empty()) parts.push_back("mapper '" + cell.mapper.label + "'");
  if (!cell.language_model.label.empty())
    parts.push_back("language_model '" + cell.language_model.label + "'");
  return parts;
}

void CircuitBreaker::succeeded(const std::vector<std::string>& parts) {
  for (const auto& part : parts)
    records_[part].succeeded = true;
  records_[protocol::join(parts)].succeeded = true;
}

namespace {

std::string failure_mode_of(const Ending& ending) {
  const auto mode = ending.state + '\n' + ending.kind + '\n';
  if (!ending.worth_retrying()) return mode + ending.error;
  return mode + std::to_string(ending.signal) + '\n' + std::to_string(ending.exit_code);
}

}  // namespace

void CircuitBreaker::failed(const std::vector<std::string>& parts, const Ending& ending) {
  const auto mode = failure_mode_of(ending);
  const auto combination = protocol::join(parts);
  const auto count = [&](const std::string& name) {
    auto& record = records_[name];
    if (record.mode != mode) record = {mode, ending.error, 0, record.succeeded, {}};
    ++record.count;
    record.partners.insert(combination);
  };
  for (const auto& part : parts)
    count(part);
  if (parts.size() > 1) count(combination);
}

bool CircuitBreaker::tripped(const std::string& name, std::size_t partners) const {
  const auto found = records_.find(name);
  return found != records_.end() && !found->second.succeeded && found->second.count >= limit_ &&
         found->second.partners.size() >= partners;
}

std::string CircuitBreaker::open(const std::vector<std::string>& parts) const {
  const auto reason = [&](const std::string& name) {
    const auto& record = records_.at(name);
    return name + " failed " + std::to_string(record.count) +
           " times in the same way: " + record.error;
  };
  const auto combination = protocol::join(parts);
  if (tripped(combination, 1)) return reason(combination);
  for (const auto& part : parts)
    if (tripped(part, 2)) return reason(part);
  return {};
}

}  // namespace earshot::host
