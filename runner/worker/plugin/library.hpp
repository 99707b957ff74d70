#pragma once
#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include <earshot/plugin.hpp>

#include "protocol/components.hpp"

namespace earshot::worker {

/// A plugin that is loaded, for as long as the process lives.
struct Library {
  protocol::PluginInfo info{};
  /// What loading it changed in the process: "the floating-point environment (...)". It is
  /// restored, so that later computations are right.
  std::vector<std::string> changes{};
  std::map<std::string, Component> components{};  ///< by name
  std::string sha256{};              ///< of the file that was loaded; "" if not computed
  int descriptor = -1;               ///< of that file, for as long as the process lives
  std::int64_t size = 0, mtime = 0;  ///< bytes, ns: when it was loaded
};

/// Opens a plugin, compares SDK and ABI tag before any C++ of it is touched, registers its
/// components. A second call with the same file gives the same object.
/// @param sha256  of the file; "" for any
/// @throws ConfigError "<path>: <what is wrong>; ..." naming both tags where they differ;
/// FileChanged when the file, or what was loaded of it before, has another hash.
const Library& open_library(const std::filesystem::path& file, const std::string& sha256 = {});

/// Checks that the plugin's code (its file, which is mapped into memory) and the files named by the
/// component's options are still those that were planned. @throws FileChanged
void check_unchanged(const protocol::ComponentRef& ref);

/// The SDK's options from values that the host has completed.
/// @throws ConfigError as Options does.
Options to_options(const OptionSchema& schema, const protocol::Json& values);

protocol::ComponentInfo describe(const Component& component);

/// An object of a component.
struct ComponentInstance {
  const Component* component = nullptr;
  std::shared_ptr<void> object{};
  std::string name{};      ///< "encoder 'mimi' of codecs.so"
  bool connected = false;  ///< it is a reader that knows its sources, see connect.hpp

  bool exists() const { return object != nullptr; }
  /// As one of its contracts; null if its class does not have it.
  template <class I>
  I* as() const {
    return component == nullptr ? nullptr : component->as<I>(object);
  }
  /// As one of its contracts. @throws ConfigError if its class does not have it.
  template <class I>
  I& require() const {
    if (I* face = as<I>()) return *face;
    throw ConfigError(component == nullptr ? std::string("no ") + I::contract
                                           : "component '" + component->name + "' is a " +
                                                 component->kind + "; expected a " + I::contract);
  }
};

/// Constructs a component: seeds LibTorch's default generator with `seed` first. Plugin and files
/// are compared with what was planned, before and after.
/// @throws Error of the plugin; ContractError as call_plugin() does; ConfigError when the plugin
/// has no such component; FileChanged.
ComponentInstance make(const protocol::ComponentRef& ref, c10::Device device, std::uint64_t seed);

}  // namespace earshot::worker
