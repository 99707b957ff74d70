#include <earshot/plugin.hpp>

#include "table.hpp"

EARSHOT_PLUGIN("table", "1.0.0", "Datasets in a table: CSV, TSV, JSON or JSON Lines") {
  registrar.add<table::Table>("table", "A row per clip, with labels, split, fold and groups");
  registrar.add<table::Questions>("questions", "Questions about recordings, in one JSON file");
}
