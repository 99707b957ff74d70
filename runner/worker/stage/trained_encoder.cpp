#include "worker/stage/trained_encoder.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

#include <ATen/core/grad_mode.h>

#include "protocol/path_text.hpp"
#include "worker/plugin/connect.hpp"
#include "worker/stage/context.hpp"
#include "worker/stage/state_file.hpp"

namespace earshot::worker {

namespace {

using protocol::Json;
constexpr const char* objective_name = "objective";
constexpr const char* learner_part = "learner/";

/// In the order of Objective::Goal.
constexpr std::array goals{"reconstruction", "classes", "values", "teacher", "masked"};

Objective::Goal to_goal(const std::string& name) {
  const auto found = std::find(goals.begin(), goals.end(), name);
  if (found == goals.end()) throw std::invalid_argument("unknown goal '" + name + "'");
  return static_cast<Objective::Goal>(found - goals.begin());
}

Json to_json(const Objective& objective) {
  const auto& teacher = objective.teacher;
  return {{"goal", goals.at(static_cast<std::size_t>(objective.goal))},
          {"classes", objective.classes},
          {"exclusive", objective.exclusive},
          {"values", objective.values},
          {"teacher",
           {{"frame_rate", teacher.frame_rate},
            {"first_frame", teacher.first_frame},
            {"dim", teacher.dim}}}};
}

Objective to_objective(const Json& json) {
  const auto& teacher = json.at("teacher");
  return {.goal = to_goal(json.at("goal")),
          .classes = json.at("classes"),
          .exclusive = json.at("exclusive"),
          .values = json.at("values"),
          .teacher = {.frame_rate = teacher.at("frame_rate"),
                      .first_frame = teacher.at("first_frame"),
                      .dim = teacher.at("dim")}};
}

Objective objective_in(const State& state, const std::filesystem::path& file) {
  const auto text = state.text.find(objective_name);
  try {
    if (text != state.text.end()) return to_objective(Json::parse(text->second));
  } catch (const std::exception&) {  // no objective either
  }
  throw DataError(file.string() + ": not a pretrained encoder");
}

}  // namespace

State trained_state(const ObservedLearner& learner) {
  State state;
  state.text[objective_name] = protocol::json_text(to_json(learner.objective().value()));
  add_part(state, learner_part, learner.state());
  return state;
}

State read_trained_state(const std::filesystem::path& file) {
  auto state = read_state(file);
  objective_in(state, file);
  return state;
}

ComponentInstance make_encoder(const protocol::ComponentRef& ref, c10::Device device,
                               std::uint64_t seed) {
  auto made = make(ref, device, seed);
  connect(made, ref, seed);
  if (ref.state.empty()) return made;
  const auto file = protocol::path_of(ref.state);
  const auto state = read_state(file);
  in_context([&] { return "encoder '" + ref.component + "', pretrained in " + file.string(); },
             [&] {
               const at::NoGradGuard no_grad;
               auto& learner = made.require<Learner>();
               learner.prepare(objective_in(state, file));
               learner.load_state(take_part(state, learner_part));
             });
  return made;
}

}  // namespace earshot::worker
