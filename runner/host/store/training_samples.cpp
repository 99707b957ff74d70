#include "host/store/training_samples.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "host/store/inside.hpp"

namespace earshot::host {
namespace {

// Artifacts of a run are rows; those of a stage are among its facts. Two stages may train what is
// called the same.
const char* const pretraining_samples_sql =
    "SELECT t.stage_id, coalesce(json_extract(t.facts, '$.label'), substr(t.key, 1, 12)), t.state, "
    "(SELECT max(v.step) FROM stage_curve v WHERE v.stage_id = t.stage_id AND v.name = 'samples'), "
    "json_extract(f.value, '$.name'), json_extract(f.value, '$.path'), "
    "json_extract(f.value, '$.sha256'), json_extract(f.value, '$.bytes') "
    "FROM stage t CROSS JOIN json_each(t.facts, '$.artifacts') f "
    "WHERE t.kind = 'pretrain' AND EXISTS (SELECT 1 FROM run_stage x "
    "  CROSS JOIN run r ON r.run_id = x.run_id "
    "  CROSS JOIN experiment_cell m ON m.cell_id = r.cell_id "
    "  WHERE x.stage_id = t.stage_id AND m.experiment_id = ?) ORDER BY t.stage_id, 5";

const char* const cell_samples_sql =
    "SELECT m.position, '', r.state, "
    "(SELECT max(v.step) FROM curve v WHERE v.run_id = r.run_id AND v.name = 'samples'), "
    "a.name, a.path, a.sha256, a.bytes FROM experiment_cell m "
    "CROSS JOIN run r ON r.cell_id = m.cell_id AND r.state = 'ok' "
    "CROSS JOIN artifact a ON a.run_id = r.run_id WHERE m.experiment_id = ? "
    "ORDER BY m.position, a.name";

const char* const one_file_sql =
    "SELECT a.name, a.path, a.sha256, a.bytes FROM artifact a WHERE a.sha256 = ?1 UNION ALL "
    "SELECT json_extract(f.value, '$.name'), json_extract(f.value, '$.path'), "
    "json_extract(f.value, '$.sha256'), json_extract(f.value, '$.bytes') "
    "FROM stage t CROSS JOIN json_each(t.facts, '$.artifacts') f "
    "WHERE t.kind = 'pretrain' AND json_extract(f.value, '$.sha256') = ?1";

/// What an artifact is by its name.
struct Part {
  std::string sample{};  ///< "sample_0"
  SampleFile TrainingSample::*place = nullptr;
  std::string type{};
};

std::optional<Part> part_of_sample(const std::string& name) {
  const std::pair<std::string_view, const char*> sounds[] = {{".flac", "audio/flac"},
                                                             {".wav", "audio/wav"}};
  const std::pair<std::string_view, SampleFile TrainingSample::*> places[] = {
      {"_before", &TrainingSample::before}, {"_after", &TrainingSample::after}};
  for (const auto& [extension, type] : sounds)
    for (const auto& [ending, place] : places)
      if (const auto end = std::string(ending).append(extension); name.ends_with(end))
        return Part{name.substr(0, name.size() - end.size()), place, type};
  constexpr std::string_view picture = ".png";
  if (!name.ends_with(picture)) return std::nullopt;
  return Part{name.substr(0, name.size() - picture.size()), &TrainingSample::picture, "image/png"};
}

/// The file in a row of name, path, hash and size, from this column on.
SampleFile file_in(const Statement& row, int column, const Part& part) {
  return {.sha256 = row.text(column + 2),
          .path = row.text(column + 1),
          .type = part.type,
          .bytes = row.integer(column + 3)};
}

/// @param cells  whether the first column is the position of a cell
void append_samples(std::vector<TrainingSample>& samples, bool cells, Statement rows,
                    std::int64_t revision) {
  rows.bind_all(revision);
  constexpr int name = 4;
  std::int64_t training = -1;
  auto first = std::ssize(samples);  // of this training
  while (rows.step()) {
    const auto part = part_of_sample(rows.text(name));
    if (!part || part->sample.empty() || rows.text(name + 2).empty()) continue;
    if (std::exchange(training, rows.integer(0)) != rows.integer(0)) first = std::ssize(samples);
    auto found = std::find_if(samples.begin() + first, samples.end(),
                              [&](const auto& sample) { return sample.name == part->sample; });
    if (found == samples.end()) {
      const bool fresh = first == std::ssize(samples);
      const auto before = samples.empty() ? std::int64_t{-1} : samples.back().training;
      samples.push_back({.training = fresh ? before + 1 : before,
                         .position = cells ? training : -1,
                         .trained = rows.text(1),
                         .state = rows.text(2),
                         .step = rows.is_null(3) ? std::nullopt : std::optional(rows.integer(3)),
                         .name = part->sample});
      found = std::prev(samples.end());
    }
    (*found).*part->place = file_in(rows, name, *part);
  }
}

}  // namespace

std::vector<TrainingSample> training_samples(const Store& store, std::int64_t revision) {
  std::vector<TrainingSample> samples;
  append_samples(samples, false, Statement(connection_of(store), pretraining_samples_sql),
                 revision);
  append_samples(samples, true, Statement(connection_of(store), cell_samples_sql), revision);
  // A picture alone is another artifact, such as a chart.
  std::erase_if(samples, [](const auto& sample) {
    return sample.before.sha256.empty() && sample.after.sha256.empty();
  });
  return samples;
}

std::optional<SampleFile> sample_file(const Store& store, const std::string& sha256) {
  Statement rows(connection_of(store), one_file_sql);
  rows.bind_all(sha256);
  while (rows.step())
    if (const auto part = part_of_sample(rows.text(0))) return file_in(rows, 0, *part);
  return std::nullopt;
}

}  // namespace earshot::host
