#include "worker/dataset/records.hpp"

#include <algorithm>
#include <charconv>
#include <set>

#include <ATen/ATen.h>

#include <earshot/kit/questions.hpp>

#include "protocol/nearest.hpp"
#include "shared/enum_names.hpp"
#include "worker/dataset/unicode.hpp"
#include "worker/plugin/names.hpp"

namespace earshot::worker {

using protocol::Json;

namespace {

/// The name of the slice of all items, which no dimension may have.
constexpr std::string_view all_items = "all";

}  // namespace

std::int64_t FileNumbers::of(const std::filesystem::path& file) {
  if (file.empty()) return -1;
  return numbers_.try_emplace(file.string(), count()).first->second;
}

std::string type_name(const LabelSpec& spec) {
  const bool text = std::holds_alternative<std::string>(spec.type) && spec.classes.empty();
  return text ? "text" : type_name(spec.type);
}

std::string type_name(const Label& label) {
  constexpr const char* names[] = {"class", "number", "set", "vector"};
  return names[label.index()];
}

namespace {

template <class Value>
Json json_of(const Value& value) {
  return value;
}
Json json_of(const Vector& vector) {
  return Json::array({vector.values.numel()});
}

}  // namespace

Json to_json(const Label& label) {
  return std::visit([](const auto& value) { return json_of(value); }, label);
}

Json to_json(const std::map<std::string, Label>& labels) {
  Json result = Json::object();
  for (const auto& [name, label] : labels)
    result[name] = to_json(label);
  return result;
}

std::int64_t item_count(const Dataset& dataset) {
  const auto count = dataset.size();
  if (count < 0)
    throw ContractError("the dataset's size() is " + std::to_string(count) +
                        "; expected 0 or more");
  return count;
}

void check_labels(const std::vector<LabelSpec>& labels) {
  const auto expect = [](bool fits, const std::string& what) {
    if (!fits) throw ContractError("the dataset's labels(): " + what);
  };
  std::set<std::string> names;
  for (const auto& spec : labels) {
    expect(is_name(spec.name), "name '" + spec.name + "'; allowed: [a-z0-9_]+");
    expect(names.insert(spec.name).second, "two labels named '" + spec.name + "'");
    const auto numeric = std::holds_alternative<double>(spec.type);
    const auto set = std::holds_alternative<std::vector<std::string>>(spec.type);
    const auto vector = std::holds_alternative<Vector>(spec.type);
    expect(!((numeric || vector) && !spec.classes.empty()) && !(set && spec.classes.empty()),
           "label '" + spec.name + "' is a " + type_name(spec.type) + " with " +
               std::to_string(spec.classes.size()) +
               " classes; expected none for a number or vector, at least one for a set");
    expect(vector ? spec.size > 0 : spec.size == 0,
           "label '" + spec.name + "' is a " + type_name(spec.type) + " of size " +
               std::to_string(spec.size) + "; expected 1 or more for a vector, otherwise 0");
    const std::set<std::string> classes(spec.classes.begin(), spec.classes.end());
    expect(classes.size() == spec.classes.size(), "label '" + spec.name + "' lists a class twice");
    for (const auto& text : spec.classes)
      if (!is_utf8(text))
        expect(false, "label '" + spec.name + "' has the class '" + text +
                          "', which is not UTF-8; expected text in UTF-8");
  }
}

void check_slice_roles(const std::map<SliceRole, std::string>& roles) {
  for (const auto& [role, dimension] : roles)
    if (!is_name(dimension) || dimension == all_items)
      throw ContractError("the dataset's slice_roles(): slice dimension '" + dimension +
                          "' for the role '" + shared::name_of(role, shared::slice_role_names) +
                          "'; allowed: [a-z0-9_]+, except 'all'");
}

namespace {

/// Puts the item in front of what is wrong with it. What is said is put together only then: a
/// dataset has a million items, and a label 500 classes.
class ItemRules {
 public:
  ItemRules(const Item& item, std::int64_t index) : item_(item), index_(index) {}

  template <class Say>
  void expect(bool fits, const Say& say) const {
    if (!fits)
      throw ContractError("item " + std::to_string(index_) + " '" + item_.id + "': " + say());
  }

  void check_clip(const Clip& clip) const {
    expect(std::isfinite(clip.start) && clip.start >= 0 && std::isfinite(clip.duration) &&
               clip.duration >= 0,
           [&] {
             return "a clip starts at " + std::to_string(clip.start) + " s and lasts " +
                    std::to_string(clip.duration) + " s; both must be 0 or more";
           });
  }

  void check_names(const std::map<std::string, std::string>& values, const char* what) const {
    for (const auto& [dimension, value] : values) {
      const bool slice = what == std::string_view("slice dimension");
      const auto about = [&, &name = dimension](const char* fault) {
        return [&, fault] { return what + (" '" + name + "'" + fault); };
      };
      expect(is_name(dimension), about("; allowed: [a-z0-9_]+"));
      // Two rows of the results would have one name.
      expect(!slice || dimension != all_items,
             about(", which is reserved for all items together; choose another name"));
      expect(!value.empty(), about(" has an empty value"));
      // Two that are written alike would be one slice twice.
      expect(!slice || (is_utf8(value) && value.find('\0') == std::string::npos),
             about(" has a value that is not UTF-8 or contains a NUL character"));
    }
  }

  void check_label(const std::string& name, const Label& label,
                   const std::vector<LabelSpec>& specs) const {
    const auto spec = std::find_if(specs.begin(), specs.end(),
                                   [&](const LabelSpec& s) { return s.name == name; });
    const auto about = [&](const char* what) {
      return [&, what] { return "label '" + name + "' " + what; };
    };
    expect(spec != specs.end(), about("is not in the dataset's labels()"));
    expect(label.index() == spec->type.index(), [&] {
      return "label '" + name + "' is a " + type_name(label) + "; labels() says " +
             type_name(spec->type);
    });
    if (const auto* number = std::get_if<double>(&label))
      expect(std::isfinite(*number), about("is not finite; leave out unknown values"));
    if (const auto* text = std::get_if<std::string>(&label)) check_class(name, *text, *spec);
    if (const auto* vector = std::get_if<Vector>(&label)) check_vector(name, vector->values, *spec);
    if (const auto* texts = std::get_if<std::vector<std::string>>(&label)) {
      for (const auto& text : *texts)
        check_class(name, text, *spec);
      expect(std::set<std::string>(texts->begin(), texts->end()).size() == texts->size(),
             about("holds a class twice"));
    }
  }

  void check_question() const {
    const auto fault = kit::question_fault(item_);
    expect(fault.empty(), [&] { return fault; });
    if (!item_.question) return;
    check_text("question", item_.question->text);
    for (const auto& text : item_.question->choices)
      check_text("choice", text);
    for (const auto& text : item_.question->answers)
      check_text("answer", text);
  }

 private:
  void check_text(const char* what, const std::string& text) const {
    expect(is_utf8(text), [&] {
      return std::string("a ") + what + " is '" + text +
             "', which is not UTF-8; expected text in UTF-8";
    });
  }

  void check_class(const std::string& name, const std::string& text, const LabelSpec& spec) const {
    if (spec.classes.empty()) return check_text("label", text);  // free text
    expect(std::find(spec.classes.begin(), spec.classes.end(), text) != spec.classes.end(), [&] {
      return "label '" + name + "' is '" + text + "', which is not among its " +
             std::to_string(spec.classes.size()) + " classes" +
             protocol::did_you_mean(text, spec.classes);
    });
  }

  void check_vector(const std::string& name, const at::Tensor& values,
                    const LabelSpec& spec) const {
    const bool fits = values.defined() && values.dim() == 1 && values.numel() == spec.size &&
                      values.scalar_type() == at::kFloat && values.is_contiguous() &&
                      values.device().is_cpu();
    expect(fits, [&] {
      return "label '" + name + "' is " +
             (values.defined() ? c10::str(values.sizes(), " ", c10::toString(values.scalar_type()))
                               : std::string("undefined")) +
             "; expected float32 [" + std::to_string(spec.size) + "], contiguous, on the CPU";
    });
    expect(at::isfinite(values).all().item<bool>(), [&] {
      return "label '" + name + "' has values that are not finite; leave out unknown labels";
    });
  }

  const Item& item_;
  std::int64_t index_;
};

}  // namespace

void check_item(const Item& item, std::int64_t index, const std::vector<LabelSpec>& labels) {
  const ItemRules rules(item, index);
  rules.expect(!item.id.empty(), [] { return std::string("the id is empty"); });
  rules.expect(item.fold >= 0,
               [&] { return "fold is " + std::to_string(item.fold) + "; expected 0 or more"; });
  rules.expect(item.clips.size() == 1 || item.clips.size() == 2,
               [&] { return std::to_string(item.clips.size()) + " clips; expected one or two"; });
  for (const auto& clip : item.clips)
    rules.check_clip(clip);
  rules.check_names(item.groups, "group dimension");
  rules.check_names(item.slices, "slice dimension");
  for (const auto& [name, label] : item.labels)
    rules.check_label(name, label, labels);
  rules.check_question();
}

namespace {

class RecordWriter {
 public:
  explicit RecordWriter(std::string& to) : to_(to) {}

  void put(const std::string& text) {
    put(static_cast<std::int64_t>(text.size()));
    to_ += text;
  }
  void put(std::int64_t number) { to_.append(std::to_string(number)) += ':'; }
  void put(double number) {
    char digits[32];
    const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
    to_.append(digits, end) += ':';
  }
  void put(const std::vector<std::string>& texts) {
    put(static_cast<std::int64_t>(texts.size()));
    for (const auto& text : texts)
      put(text);
  }
  void put(const Vector& vector) {
    const auto bytes = vector.values.nbytes();
    put(static_cast<std::int64_t>(bytes));
    to_.append(static_cast<const char*>(vector.values.const_data_ptr()), bytes);
  }
  void put(const Label& label) {
    put(static_cast<std::int64_t>(label.index()));
    std::visit([this](const auto& value) { put(value); }, label);
  }
  template <class Value>
  void put(const std::map<std::string, Value>& values) {
    put(static_cast<std::int64_t>(values.size()));
    for (const auto& [key, value] : values) {
      put(key);
      put(value);
    }
  }

 private:
  std::string& to_;
};

}  // namespace

void append_record(const Item& item, FileNumbers& files, std::string& to) {
  RecordWriter writer(to);
  writer.put(item.id);
  writer.put(static_cast<std::int64_t>(item.split));
  writer.put(item.fold);
  writer.put(item.groups);
  writer.put(item.slices);
  writer.put(item.labels);
  writer.put(static_cast<std::int64_t>(item.clips.size()));
  for (const auto& clip : item.clips) {
    writer.put(files.of(clip));
    writer.put(clip.start);
    writer.put(clip.duration);
  }
  writer.put(static_cast<std::int64_t>(item.question.has_value() ? 1 : 0));
  if (!item.question) return;
  writer.put(item.question->text);
  writer.put(item.question->choices);
  writer.put(item.question->answers);
}

}  // namespace earshot::worker
