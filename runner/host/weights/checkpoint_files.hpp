#pragma once
#include <functional>
#include <string>
#include <vector>

namespace earshot::host {

/// The files of a repository that a plugin reads to load a checkpoint, small ones first: if the
/// last one is present, all are.
///
///  - `path` is a file: that file, and config.json and preprocessor_config.json next to it; for an
///    index of shards also the shards.
///  - `path` is a folder, or "" for the top: one set of weights, the first that exists of
///    model.safetensors.index.json with its shards, model.safetensors, pytorch_model.bin.index.json
///    with its shards, pytorch_model.bin, adapter_model.safetensors, adapter_model.bin, or else the
///    only file with the extension of a checkpoint; and the configuration and tokenizer files
///    present. Never two formats, never weights of other frameworks. The order is that of
///    kit::Checkpoint, which reads the folder.
///
/// @param names all files of the repository, relative to it
/// @param text reads one of them; called for an index of shards
/// @throws Failure if there are no weights, or several candidates: `<what is wrong>; <what there
/// is>.`, without the name of the repository
std::vector<std::string> checkpoint_files(
    const std::vector<std::string>& names, const std::string& path,
    const std::function<std::string(const std::string&)>& text);

}  // namespace earshot::host
