#pragma once
#include <string>
#include <vector>

#include "host/export/folder.hpp"
#include "host/store/store.hpp"

// Results of an experiment, in its latest revision, as files of other programs. results/README.md
// describes what they contain. All read one state of the results file, and add to a folder whose
// finish() the caller calls.

namespace earshot::host {

/// What should be said about an export: what it leaves out and why, as sentences.
using ExportRemarks = std::vector<std::string>;

/// Result files of mteb 2 (mteb.TaskResult), for mteb.ResultCache(FOLDER): for each model and task
/// results/MODEL/REVISION/TASK.json, and results/MODEL/REVISION/model_meta.json. A model is an
/// encoder with mapper, language model and variant.
ExportRemarks export_to_mteb(const Store& store, const std::string& experiment,
                             ExportFolder& folder);

/// The project PROJECT.db of trackio, for TRACKIO_DIR=FOLDER: a run for each attempted cell.
/// @throws Failure (usage) if trackio is writing a project of this name there
ExportRemarks export_to_trackio(const Store& store, const std::string& experiment,
                                ExportFolder& folder);

/// The name of a project that trackio accepts and stores under this name.
std::string trackio_project(const std::string& experiment);

/// VIEW.parquet for each view, by DuckDB.
/// @throws Failure (usage) if DuckDB's library is not installed, saying what to install
ExportRemarks export_to_parquet(const Store& store, const std::string& experiment,
                                ExportFolder& folder);

}  // namespace earshot::host
