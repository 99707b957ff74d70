#pragma once
#include <optional>

#include "layout.hpp"
#include "pickle.hpp"

namespace earshot::kit::checkpoint {

/// A run of numbers in a file of which tensors are views.
struct Storage {
  std::string_view key{};
  std::optional<Number> number{};  ///< nullopt: PyTorch's UntypedStorage, counted in bytes
  std::uint64_t bytes = 0;
  std::uint64_t view_begin = 0, view_bytes = 0;  ///< the part referred to, mostly the whole
};

struct TensorView {
  std::size_t storage = 0;
  std::uint64_t offset_bytes = 0;  ///< of the first element, within the storage
  Layout layout{};                 ///< without name and begin
};

/// Unpickles what torch.save() writes (torch/_utils.py, torch/serialization.py of 2.11): tensors
/// and parameters as views of storages, and plain containers. Objects of other
/// classes are skipped: checkpoints of training frameworks are full of them, and weights do not
/// need them. A call of a function that is not one of those few, and any name in a module that
/// reaches out of Python (os, subprocess, ...), is refused with its name.
class TorchPickle final : public Unpickler {
 public:
  using Unpickler::Unpickler;

  std::vector<Storage> storages{};
  std::vector<TensorView> tensors{};

  /// Names the content of `root`: keys and indices joined by '.'. Tensors get their file position
  /// from `begin_of(storage)`; short texts and numbers in dictionaries become text.
  template <class Begin>
  Contents contents(Ref root, const Begin& begin_of, bool swapped) {
    Contents found;
    walk(root, "", 0, found);
    for (auto& layout : found.tensors) {
      const auto& view = tensors[layout.begin];  // set by walk()
      layout.begin = layout.extent == 0 ? 0 : begin_of(storages[view.storage]) + view.offset_bytes;
      layout.swapped = swapped && names_of(layout.number).bytes > 1;
    }
    return found;
  }

 private:
  Ref persistent(Ref id) override;
  void check_global(const Value& global) override;
  Ref call(Ref callable, Ref arguments) override;
  Ref construct(Ref type) override;

  Ref storage(const std::vector<Ref>& id);
  Ref tensor(const std::vector<Ref>& arguments, std::optional<Number> number);
  Ref opaque(const Value& type);
  Ref dictionary(const std::vector<Ref>& arguments);
  void walk(Ref value, const std::string& name, int depth, Contents& found);
  void spend(std::size_t bytes);

  std::size_t spent_ = 0;  // bytes of names and texts: a value may be referred to many times
};

}  // namespace earshot::kit::checkpoint
