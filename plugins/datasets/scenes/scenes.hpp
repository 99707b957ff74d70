#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include <earshot/dataset.hpp>
#include <earshot/options.hpp>

#include "recordings.hpp"
#include "scene.hpp"
#include "steps.hpp"

namespace earshot::scenes {

/// How the two clips of an item differ.
enum class Pairs { off, room, distance, quality, steps };

/// Sound scenes with exact acoustic ground truth; the README.md in this folder describes the model.
class Scenes : public Dataset {
 public:
  static OptionSchema options();
  /// @throws ConfigError for options that exclude each other; DataError for unusable folders.
  Scenes(const Options& options, const Context& context);

  std::int64_t size() const override;
  std::vector<LabelSpec> labels() const override;
  Item item(std::int64_t index) const override;
  AudioBatch synthesize(std::int64_t index, std::int64_t clip) const override;
  std::vector<std::filesystem::path> sources() const override;

  /// The scene that synthesize() renders; clip 1 only with pairs. @throws ContractError if out of
  /// range.
  Scene scene(std::int64_t index, std::int64_t clip) const;
  std::size_t length() const;  ///< of a clip, samples at `rate`
  /// An item's place in the design.
  const Row& row(std::int64_t index) const { return plan(index).row; }

 protected:
  Scenes(const Options& options, const Context& context, bool seen_rooms);

 private:
  /// A row of the design, with the instances assigned to it.
  struct Plan {
    Row row{};
    std::int64_t source = 0, place = 0;  ///< instance of the row's event and room, within its split
    int other = 0;                       ///< level of the paired factor in clip 1
    std::int64_t other_place = 0;        ///< instance of the other room
  };

  /// An item of Pairs::steps: its place among the plans, and what is changed.
  struct SteppedItem {
    std::int64_t plan = 0;
    Step step{};
  };

  std::vector<Row> rows() const;
  void deal();
  void add_steps();
  const Plan& plan(std::int64_t index) const;
  /// What a clip has that the first clip of its item lacks.
  Step step_of(std::int64_t index, std::int64_t clip) const;
  std::vector<std::string> event_classes() const;
  std::vector<std::string> room_classes() const;
  /// The split whose rooms a row uses.
  Split rooms_of(const Row& row) const { return seen_rooms_ ? Split::train : row.split; }
  std::int64_t sources_in(const Row& row) const;
  std::int64_t places_in(const Row& row, int room) const;
  std::string source_name(const Plan& plan) const;
  std::string place_name(const Row& row, int room, std::int64_t place) const;
  void set_place(Scene& scene, const Row& row, int room, std::int64_t place) const;
  double distance(const Row& row, int room, int level) const;
  std::map<std::string, Label> labels_of(const Plan& plan, const Scene& scene) const;
  /// 0 or 1: the clip that answers the pair's question.
  int answer(const Scene& first, const Scene& second) const;

  std::int64_t clips_, seed_, sample_rate_;
  double seconds_;
  Pairs pairs_;
  bool seen_rooms_;
  c10::Device device_;
  std::uint64_t world_;
  Recordings recordings_{}, responses_{};
  std::map<std::filesystem::path, double> response_rt60_{};  ///< s, where it is measurable
  std::vector<Plan> plans_{};
  std::vector<SteppedItem> stepped_items_{};  ///< only with Pairs::steps
};

/// The variant whose validation and test clips are in the rooms of the training clips, at other
/// positions.
class ScenesSeenRooms final : public Scenes {
 public:
  ScenesSeenRooms(const Options& options, const Context& context)
      : Scenes(options, context, true) {}
};

}  // namespace earshot::scenes
