#pragma once
#include <functional>
#include <memory>
#include <type_traits>

#include <torch/headeronly/version.h>  // TORCH_VERSION: macros only

#include <earshot/abi.h>
#include <earshot/dataset.hpp>
#include <earshot/evaluator.hpp>
#include <earshot/lookup.hpp>
#include <earshot/options.hpp>
#include <earshot/sized.hpp>
#include <earshot/synthesizer.hpp>
#include <earshot/tokenized.hpp>

// clang-format off
#define EARSHOT_TEXT_(x) #x
#define EARSHOT_TEXT(x) EARSHOT_TEXT_(x)
#if defined(__clang__)
#define EARSHOT_ABI_COMPILER ";clang" EARSHOT_TEXT(__clang_major__)
#else
#define EARSHOT_ABI_COMPILER ";gcc" EARSHOT_TEXT(__GNUC__)
#endif
#if defined(_LIBCPP_VERSION)
#define EARSHOT_ABI_LIBRARY ";libc++" EARSHOT_TEXT(_LIBCPP_ABI_VERSION)
#elif defined(_GLIBCXX_DEBUG)
#define EARSHOT_ABI_LIBRARY ";libstdc++debug=" EARSHOT_TEXT(_GLIBCXX_USE_CXX11_ABI)
#else
#define EARSHOT_ABI_LIBRARY ";libstdc++cxx11=" EARSHOT_TEXT(_GLIBCXX_USE_CXX11_ABI)
#endif
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define EARSHOT_ADDRESS_SANITIZER_ 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(EARSHOT_ADDRESS_SANITIZER_)
#define EARSHOT_ABI_SANITIZER ";sanitizer=address"
#else
#define EARSHOT_ABI_SANITIZER
#endif

/// What host and plugin must agree on: "sdk3;torch2.11.0;gcc12;libstdc++cxx11=1;c++202002L".
#define EARSHOT_ABI_TAG                                                                    \
  "sdk" EARSHOT_TEXT(EARSHOT_SDK_MAJOR) ";torch" TORCH_VERSION EARSHOT_ABI_COMPILER        \
  EARSHOT_ABI_LIBRARY ";c++" EARSHOT_TEXT(__cplusplus) EARSHOT_ABI_SANITIZER

/// Once per plugin, followed by a body that adds the components:
///
///   EARSHOT_PLUGIN("mimi", "1.0.0", "Mimi neural codec") {
///     registrar.add<Mimi>("mimi", "Features, codes and audio of Mimi");
///   }
#define EARSHOT_PLUGIN(NAME, VERSION, SUMMARY)                                             \
  static void earshot_register(earshot::Registrar& registrar);                             \
  extern "C" EARSHOT_API const EarshotPlugin earshot_plugin;                               \
  const EarshotPlugin earshot_plugin = {                                                   \
      sizeof(EarshotPlugin), EARSHOT_SDK_MAJOR, EARSHOT_SDK_MINOR, 0, EARSHOT_ABI_TAG,     \
      NAME, VERSION, SUMMARY,                                                              \
      [](void* r) { earshot_register(*static_cast<earshot::Registrar*>(r)); }};            \
  static void earshot_register(earshot::Registrar& registrar)
// clang-format on

namespace earshot {

/// A component as data and one function. `faces` has the kind and every ability of its class, found
/// by the compiler: the host never casts across a library, and a new ability changes no old plugin.
struct Component {
  std::string kind{}, name{}, summary{};
  OptionSchema options{};
  std::map<std::string, void* (*)(void* object)> faces{};  ///< by I::contract: that base
  std::function<std::shared_ptr<void>(const Options&, const Context&)> make{};

  /// `object`, which make() returned, as an I; null if its class is not one.
  template <class I>
  I* as(const std::shared_ptr<void>& object) const {
    const auto face = faces.find(I::contract);
    return face == faces.end() ? nullptr : static_cast<I*>(face->second(object.get()));
  }
};

/// Handed to the body of EARSHOT_PLUGIN.
class EARSHOT_API Registrar {
 public:
  virtual ~Registrar();

  /// Adds T as `<plugin>/<name>`; name [a-z0-9_]+, summary one line without a full stop.
  template <class T>
  void add(std::string name, std::string summary) {
    Component c{.name = std::move(name), .summary = std::move(summary)};
    if constexpr (requires { T::options(); }) c.options = T::options();
    static_assert(count<T, Dataset, Encoder, Mapper, LanguageModel, Evaluator>() == 1,
                  "a component derives from exactly one of the five kinds");
    static_assert(
        count<T, Codec, Learner, Lookup, Reader, Synthesizer>() == 0 || count<T, Encoder>() == 1,
        "Codec, Learner, Lookup, Reader and Synthesizer are abilities of an Encoder");
    static_assert(count<T, Lookup, Reader>() < 2,
                  "an encoder looks features up or reads those of others, not both");
    static_assert(count<T, Tokenized>() == 0 || count<T, LanguageModel>() == 1,
                  "Tokenized is an ability of a LanguageModel");
    static_assert(count<T, Sized>() == 0 || count<T, Encoder, LanguageModel>() == 1,
                  "Sized is an ability of an Encoder or a LanguageModel");
    (face<Dataset, T>(c), face<Encoder, T>(c), face<Mapper, T>(c), face<LanguageModel, T>(c),
     face<Evaluator, T>(c));
    c.kind = c.faces.begin()->first;
    (face<Codec, T>(c), face<Learner, T>(c), face<Lookup, T>(c), face<Reader, T>(c),
     face<Synthesizer, T>(c), face<Sized, T>(c), face<Tokenized, T>(c));
    c.make = [](const Options& o, const Context& x) { return std::make_shared<T>(o, x); };
    accept(std::move(c));
  }

 protected:
  virtual void accept(Component component) = 0;

 private:
  template <class T, class... I>
  static constexpr int count() {
    return (0 + ... + static_cast<int>(std::is_base_of_v<I, T>));
  }
  template <class I, class T>
  static void face(Component& c) {
    if constexpr (std::is_base_of_v<I, T>)
      c.faces[I::contract] = [](void* t) -> void* { return static_cast<I*>(static_cast<T*>(t)); };
  }
};

}  // namespace earshot
