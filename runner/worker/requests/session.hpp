#pragma once
#include <functional>
#include <string>

#include "protocol/frame.hpp"

namespace earshot::worker {

/// How a verb's function talks to the runner while it works: sends events of the request at hand.
class Session {
 public:
  Session(protocol::Channel& channel, std::int64_t request)
      : channel_(channel), request_(request) {}

  /// {"type": type, "id": request, ...fields} and bytes.
  void send(const std::string& type, protocol::Json fields, std::string binary = {});
  /// At most 10 a second reach the runner; the last one always does.
  void progress(std::int64_t done, std::int64_t total, const std::string& what = {});

 private:
  protocol::Channel& channel_;
  std::int64_t request_;
  double last_progress_ = 0;
};

}  // namespace earshot::worker
