#include "host/store/pretraining_record.hpp"

#include "host/store/inside.hpp"

namespace earshot::host {

PretrainingRecord pretraining_record(const Store& store, const std::string& key) {
  PretrainingRecord record;
  Statement ends(connection_of(store),
                 "SELECT v.name, v.step, v.value FROM stage t "
                 "JOIN stage_curve v ON v.stage_id = t.stage_id "
                 "WHERE t.kind = 'pretrain' AND t.key = ? AND v.step = "
                 "  (SELECT max(l.step) FROM stage_curve l "
                 "   WHERE l.stage_id = v.stage_id AND l.name = v.name) ORDER BY v.name");
  ends.bind_all(key);
  while (ends.step())
    record.ends.push_back(
        {ends.text(0), ends.integer(1), ends.is_null(2) ? Json() : Json(ends.real(2))});
  Statement commits(connection_of(store),
                    "SELECT coalesce(p.git_commit || iif(p.git_dirty, '-dirty', ''), ''), "
                    "coalesce(p.earshot_commit, '') FROM stage t "
                    "JOIN run_stage x ON x.stage_id = t.stage_id "
                    "JOIN run r ON r.run_id = x.run_id "
                    "JOIN provenance p ON p.provenance_id = r.provenance_id "
                    "WHERE t.kind = 'pretrain' AND t.key = ? ORDER BY r.run_id LIMIT 1");
  commits.bind_all(key);
  if (commits.step()) {
    record.experiment_commit = commits.text(0);
    record.earshot_commit = commits.text(1);
  }
  return record;
}

}  // namespace earshot::host
