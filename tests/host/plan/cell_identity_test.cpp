#include "host/plan/cell_identity.hpp"

#include <gtest/gtest.h>

#include "protocol/hash.hpp"

namespace earshot::host {
namespace {

using Parts = CellIdentity::Parts;

CellIdentity identity() {
  CellIdentity identity;
  identity.encoder = CellIdentity::text_of(
      {.component = "mel/log_mel", .options = {{"mels", 64}}, .plugin = std::string(64, 'a')});
  identity.evaluator =
      CellIdentity::text_of({.component = "probes/knn", .options = {{"k", 8}}, .version = "1.0"});
  identity.dataset = {.key = "d", .fold = 2, .limit = 10, .validation = 0.25};
  identity.audio = AudioOverrides{.crop = "seeded", .max_seconds = 2.5};
  identity.dtype = "float32";
  identity.seed = 3;
  identity.metrics = {{"accuracy", 1}, {"f1", 2}};
  identity.replicates = 2000;
  identity.audio_version = 2;
  identity.interval_version = 2;
  identity.split_version = 1;
  return identity;
}

/// What keys were hashes of before, to the byte: results files are full of them.
TEST(CellIdentity, is_this_text) {
  EXPECT_EQ(identity().text(),
            R"({"audio":{"crop":"seeded","max_seconds":2.5},"audio_version":2,)"
            R"("dataset":{"fold":2,"key":"d","limit":10,"shuffle_labels":false,"validation":0.25},)"
            R"("dtype":"float32","encoder":{"component":"mel/log_mel","options":{"mels":64},)"
            R"("plugin":")" +
                std::string(64, 'a') +
                R"("},"evaluator":{"component":"probes/knn","options":{"k":8},"version":"1.0"},)"
                R"("interval_version":2,"language_model":null,"mapper":null,)"
                R"("metrics":{"accuracy":1,"f1":2},"replicates":2000,"seed":3,"split_version":1})");
}

TEST(CellIdentity, of_any_parts_is_canonical) {
  for (const auto parts : {Parts::all, Parts::fit, Parts::scoring}) {
    const auto text = identity().text(parts);
    EXPECT_EQ(protocol::canonical(Json::parse(text)), text);
  }
  EXPECT_EQ(identity().key(), protocol::sha256(identity().json()));
}

TEST(CellIdentity, of_a_fit_is_all_but_what_only_decides_scores) {
  auto json = identity().json();
  for (const auto* part : {"interval_version", "metrics", "replicates"})
    json.erase(part);
  EXPECT_EQ(identity().fit_key(), protocol::sha256(json));
}

TEST(CellIdentity, of_a_validation_cell_holds_that_of_the_cell) {
  auto twin = identity();
  twin.validation = true;
  EXPECT_EQ(twin.json(), Json({{"cell", identity().json()}, {"predict", "validation"}}));
  EXPECT_NE(twin.key(), identity().key());
  EXPECT_EQ(twin.fit_key(), identity().fit_key());
}

TEST(CellIdentity, of_imported_answers_is_their_content_and_what_scores_them) {
  auto imported = identity();
  imported.imported = "abc";
  auto json = Json::parse(identity().text(Parts::scoring));
  json["imported"] = "abc";
  json["seed"] = 3;
  EXPECT_EQ(imported.json(), json);
  imported.scores = true;
  json["scores"] = 1;
  EXPECT_EQ(imported.json(), json);
  EXPECT_EQ(imported.text(Parts::scoring), identity().text(Parts::scoring));
}

TEST(CellIdentity, is_the_same_after_it_was_in_a_results_file) {
  auto twin = identity(), blind = identity(), imported = identity();
  twin.validation = true;
  blind.encoder = nullptr;
  blind.audio.reset();
  blind.dtype.reset();
  blind.seed.reset();
  imported.imported = "abc";
  imported.scores = true;
  for (const auto& one : {identity(), twin, blind, imported}) {
    const auto again = CellIdentity::from_json(one.json());
    EXPECT_EQ(again.text(), one.text());
    EXPECT_EQ(again.fit_key(), one.fit_key());
  }
}

TEST(CellIdentity, that_is_damaged_is_refused) {
  auto json = identity().json();
  json["dataset"]["fold"] = "two";
  EXPECT_THROW(CellIdentity::from_json(json), protocol::ProtocolError);
  EXPECT_THROW(CellIdentity::from_json(nullptr), protocol::ProtocolError);
}

}  // namespace
}  // namespace earshot::host
