#pragma once
#include <string>

#include "host/base/failure.hpp"

namespace earshot::host {

/// A row that the tables do not allow: a second one with the same key, a number of items below
/// zero, a text for a number.
class RefusedRow : public Failure {
 public:
  RefusedRow(const std::string& message, std::string detail);
  ~RefusedRow() override;
  const std::string& detail() const { return detail_; }  ///< without the file

 private:
  std::string detail_;
};

}  // namespace earshot::host
