#pragma once
#include <array>
#include <clocale>
#include <csignal>
#include <exception>
#include <locale>
#include <new>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include <c10/core/AutogradState.h>
#include <c10/core/impl/LocalDispatchKeySet.h>
#include <c10/util/typeid.h>

#include <fenv.h>
#include <sys/resource.h>
#include <sys/types.h>

// Plugins of one worker share a process. What one of them changes there would change the results
// of others, and what the cache keeps of them. So calls into plugins go through call_plugin().

namespace earshot::worker {

/// State that affects numbers: the floating-point environment of this thread, and LibTorch's
/// settings.
class NumericState {
 public:
  NumericState();  ///< as it is now

  /// What has changed since: "LibTorch's default number type"; empty: nothing.
  std::vector<std::string> changes() const;
  void restore() const;
  /// As changes() and restore(), without what host code sets as well: number of threads, gradients.
  std::vector<std::string> changes_of_plugins() const;
  void restore_of_plugins() const;

 private:
  struct FloatingPoint {
    FloatingPoint();
    std::vector<std::string> changes() const;

    femode_t modes{};
    int rounding = 0, traps = 0;
  };
  struct Settings {
    Settings();
    std::vector<std::string> changes() const;
    void restore() const;

    caffe2::TypeMeta dtype;
    std::array<bool, 15> flags{};
    bool deterministic = false, only_warns = false;
    std::array<int, 6> precision{};
    int matmul = 0, quantized = 0;
  };

  FloatingPoint floating_point_;
  Settings settings_;
  c10::AutogradState autograd_;
  c10::impl::LocalDispatchKeySet keys_;
  int threads_;
};

/// State of the process: locale, umask, working folder, environment, signal handlers and
/// mask, limits, timers, the handlers of C++, and where stdin, stdout and stderr lead.
class ProcessState {
 public:
  ProcessState();
  std::vector<std::string> changes() const;
  /// @returns false if something cannot be put back, as a limit that was lowered for good.
  bool restore() const;

 private:
  std::string c_locale_;
  std::locale locale_;
  locale_t thread_locale_;
  mode_t umask_;
  std::string folder_;
  std::vector<std::string> environment_;
  std::array<struct sigaction, 32> actions_{};
  sigset_t mask_{};
  std::array<rlimit, RLIM_NLIMITS> limits_{};
  bool timer_;
  std::terminate_handler terminate_;
  std::new_handler new_;
  std::array<std::pair<dev_t, ino_t>, 3> standard_;
};

/// Takes the state as it is now for the one that all calls begin with. For main(), before any
/// plugin is loaded; without it the first call counts.
void remember_normal_state();

enum class Extent {
  process,  ///< a call that runs alone
  thread,   ///< one of several on different threads: only numbers are checked
  request,  ///< all that a request does: host code may set gradients and the number of threads
};

/// The state before a call into a plugin; see call_plugin().
class PluginCall {
 public:
  /// Puts back what an earlier caller of plugin code has missed, and notes it as a stray change.
  explicit PluginCall(Extent extent);

  /// Puts everything back. @returns what decides numbers and was changed; of other changes a
  /// warning that names `who` is added.
  std::vector<std::string> put_back(const std::string& who) const;
  /// @throws ContractError naming `who` if put_back() has something to say.
  void settle(const std::string& who) const;
  /// Like put_back(), for a call that has thrown.
  void abandon(const std::string& who) const noexcept;

 private:
  Extent extent_;
  NumericState before_;
  std::optional<ProcessState> process_{};
};

/// Calls `function`, which calls into a plugin; `who()` says whom: "encoder 'mimi' of codecs.so".
/// Whatever it changes of what plugins share is put back. A changed floating-point environment or
/// setting of LibTorch is an error: results depend on it, and threads that were started meanwhile
/// have inherited it. Other changes are warnings.
/// @throws ContractError; what `function` throws
template <class Who, class Function>
auto call_plugin(Who&& who, Function&& function, Extent extent = Extent::process) {
  const PluginCall call(extent);
  try {
    if constexpr (std::is_void_v<std::invoke_result_t<Function>>) {
      function();
      call.settle(who());
    } else {
      auto result = function();
      call.settle(who());
      return result;
    }
  } catch (...) {
    call.abandon(who());
    throw;
  }
}

/// What changed in the process since begin_account(): part of the answer to a request.
struct Account {
  std::vector<std::string> warnings{};  ///< a sentence each
  std::vector<std::string> strays{};    ///< changes of state that affects numbers
  std::string damage{};                 ///< why no other request should follow; "": none
};
void begin_account();
Account take_account();
std::vector<std::string> take_account_of_strays();  ///< that part alone
void add_warning(const std::string& sentence);

}  // namespace earshot::worker
