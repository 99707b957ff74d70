#include "worker/plugin/text_dataset.hpp"

#include "protocol/path_text.hpp"

namespace earshot::worker {

namespace {

using protocol::readable;
using protocol::text_of;

void make_readable(std::string& text) {
  if (!protocol::is_utf8(text)) text = text_of(text);
}

void make_readable(std::vector<std::string>& texts) {
  for (auto& text : texts)
    make_readable(text);
}

void make_readable(Label& label) {
  if (auto* text = std::get_if<std::string>(&label)) make_readable(*text);
  if (auto* texts = std::get_if<std::vector<std::string>>(&label)) make_readable(*texts);
}

/// Most names have nothing that is written otherwise: they are not copied.
void make_distinct(std::string& name) {
  if (name.find('\\') != std::string::npos || !protocol::is_utf8(name)) name = text_of(name);
}

void make_distinct(std::map<std::string, std::string>& values) {
  for (auto& [dimension, value] : values)
    make_distinct(value);
}

class TextDataset final : public Dataset {
 public:
  TextDataset(std::shared_ptr<void> object, const Dataset& dataset)
      : object_(std::move(object)), dataset_(dataset) {}

  std::int64_t size() const override { return dataset_.size(); }
  std::vector<LabelSpec> labels() const override {
    auto labels = dataset_.labels();
    for (auto& label : labels)
      make_readable(label.classes);
    return labels;
  }
  Item item(std::int64_t index) const override {
    auto item = dataset_.item(index);
    make_distinct(item.id);
    make_distinct(item.groups);
    make_distinct(item.slices);
    for (auto& [name, label] : item.labels)
      make_readable(label);
    if (!item.question) return item;
    make_readable(item.question->text);
    make_readable(item.question->choices);
    make_readable(item.question->answers);
    return item;
  }
  AudioBatch synthesize(std::int64_t index, std::int64_t clip) const override {
    return dataset_.synthesize(index, clip);
  }
  std::vector<std::filesystem::path> sources() const override { return dataset_.sources(); }
  LeftOutRows left_out() const override {
    auto rows = dataset_.left_out();
    make_readable(rows.examples);
    return rows;
  }
  std::map<SliceRole, std::string> slice_roles() const override { return dataset_.slice_roles(); }

 private:
  std::shared_ptr<void> object_;  ///< owns dataset_
  const Dataset& dataset_;
};

}  // namespace

Component with_texts(Component component) {
  const auto make = component.make;
  const auto face = component.faces.at(Dataset::contract);
  component.make = [make, face](const Options& options, const Context& context) {
    auto object = make(options, context);
    const auto& dataset = *static_cast<Dataset*>(face(object.get()));
    return std::make_shared<TextDataset>(std::move(object), dataset);
  };
  component.faces[Dataset::contract] = [](void* object) -> void* {
    return static_cast<Dataset*>(static_cast<TextDataset*>(object));
  };
  return component;
}

}  // namespace earshot::worker
