#pragma once
#include <functional>
#include <string>
#include <vector>

#include <earshot/dataset.hpp>

#include "protocol/messages.hpp"

namespace earshot::worker {

/// Reads all items of a dataset once, checks them, and counts what a plan needs to know. Every
/// audio file goes to `file`, once, in order of first use.
/// @throws ContractError naming the item that breaks a rule of earshot/dataset.hpp.
protocol::DatasetInfo list_dataset(const Dataset& dataset,
                                   const std::function<void(const std::string& file)>& file);

}  // namespace earshot::worker
