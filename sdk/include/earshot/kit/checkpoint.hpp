#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include <earshot/kit/model_config.hpp>

namespace earshot::kit {

/// The tensors of a checkpoint by name, independent of its format:
///
///  - safetensors, one file or shards with `model.safetensors.index.json`; all number types of
///    LibTorch (F64 F32 F16 BF16 F8_* I64 I32 I16 I8 U64 U32 U16 U8 BOOL C64);
///  - PyTorch's .pth, .pt, .ckpt and .bin, in the zip format (since 1.6) and the older one, with
///    either byte order. A restricted unpickler reads tensors and plain containers, and executes
///    nothing.
///
/// The format is recognised by the content, not by the name. Files are memory-mapped: opening one
/// reads its header; a tensor is read when it is used.
///
/// Names in a pickle are the keys on the path to the tensor, joined by '.': {"model": {"a.weight":
/// t}} has the tensor "model.a.weight", and the second element of a list is "list.1". A tensor
/// pickled by itself is called "tensor". Objects of classes are skipped, see skipped().
///
/// Hostile or damaged files are refused with a DataError `<file>: <reason>`: headers with wrong
/// lengths, offsets, overlaps or shapes, duplicate names, pickles that call functions. Damage to
/// the numbers of a tensor is not noticed: their checksums are not verified.
class Checkpoint {
 public:
  /// Opens a file; an index of shards; or a folder in Hugging Face layout, where it takes the first
  /// of model.safetensors.index.json, model.safetensors, pytorch_model.bin.index.json,
  /// pytorch_model.bin, or else the only file with a name that ends as a checkpoint's.
  /// Of sharded checkpoints, it has the tensors that the index names.
  /// @throws DataError `<file>: <reason>`.
  explicit Checkpoint(const std::filesystem::path& path);

  const std::filesystem::path& path() const { return path_; }
  const std::vector<std::string>& names() const { return names_; }  ///< sorted
  bool contains(const std::string& name) const;
  /// Whether any name begins with `prefix`.
  bool contains_under(const std::string& prefix) const;

  /// @throws DataError if there is no such tensor, like all members that take a name.
  at::ScalarType type(const std::string& name) const;
  const std::vector<std::int64_t>& shape(const std::string& name) const;

  /// The tensor with the type and strides of the file, on the CPU. Not copied: it is a view of the
  /// mapped file, which stays mapped as long as any view exists; tensors that share numbers in the
  /// file share them here. Writing to one changes this process's copy of the touched pages, never
  /// the file. Only two kinds are copied: unaligned numbers (allowed in safetensors, usual in the
  /// older PyTorch format), and numbers of the other byte order.
  /// @throws DataError also for a BOOL that is neither 0 nor 1.
  at::Tensor get(const std::string& name) const;

  /// Fills `into`, of the same shape but any type and device, reading directly from the file: the
  /// process never holds more than `into` and, if types differ, one tensor of the file.
  /// @throws DataError like get(), or if the shapes differ.
  void read(const std::string& name, at::Tensor into) const;

  /// `__metadata__` of safetensors; for pickles, the short texts and numbers, by name ("epoch":
  /// "3").
  const std::map<std::string, std::string>& metadata() const { return metadata_; }

  /// Objects that are neither tensors nor containers: "hyper_parameters (argparse.Namespace)".
  const std::vector<std::string>& skipped() const { return skipped_; }

  /// config.json from the folder of the checkpoint. @throws DataError if there is none.
  ModelConfig config() const;

 private:
  struct Entry;
  const Entry& find(const std::string& name) const;
  void add_file(const std::filesystem::path& file, const std::vector<std::string>* wanted);
  void add_shards(const std::filesystem::path& index);

  std::filesystem::path path_, folder_;
  std::map<std::string, std::shared_ptr<const Entry>> entries_{};
  std::vector<std::string> names_{};
  std::map<std::string, std::string> metadata_{};
  std::vector<std::string> skipped_{};
};

/// Writes tensors of any device and strides as a safetensors file, in the order of the reference
/// implementation (largest numbers first, then by name, so that all lie aligned): to a temporary
/// file next to it, which is flushed and renamed. Equal tensors give equal bytes.
/// @throws DataError `<file>: <reason>` if it cannot be written, for a name that is not UTF-8, or
/// if names, shapes and metadata take more than 100 MB, which no reader accepts; ContractError for
/// a type that the format lacks, and for what Checkpoint would refuse: a name of more than 2048
/// bytes, or more than 64 dimensions.
void save_safetensors(const std::filesystem::path& file,
                      const std::map<std::string, at::Tensor>& tensors,
                      const std::map<std::string, std::string>& metadata = {});

}  // namespace earshot::kit
