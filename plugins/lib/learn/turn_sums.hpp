#pragma once
#include <string>
#include <utility>
#include <vector>

#include <lib/learn/communicator.hpp>
#include <lib/learn/trainee.hpp>

namespace earshot::kit {

/// The loss of one part of a turn as numbers that can be added up over processes.
struct PartSums {
  double loss = 0, weight = 0, examples = 0;
  std::vector<std::pair<std::string, double>> parts{};  ///< mean times weight, by name
};

PartSums sums_of(const LossSum& loss);

/// Adds up over processes what they have computed of the same turn: the sums of its parts, and the
/// gradients of these parameters. A parameter that has no gradient in any process gets none.
void add_up(const Communicator& processes, std::vector<PartSums>& parts,
            const NamedTensors& parameters);

}  // namespace earshot::kit
