#include "worker/plugin/shared_state.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <utility>

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <c10/core/DefaultDtype.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include <earshot/error.hpp>

#include "protocol/nearest.hpp"

namespace earshot::worker {

namespace {

using Texts = std::vector<std::string>;

void append(Texts& to, const Texts& more) {
  to.insert(to.end(), more.begin(), more.end());
}

// --- LibTorch's settings

struct Flag {
  const char* name;
  bool (at::Context::*get)() const;
  void (at::Context::*set)(bool);
};

/// In the order of Settings::flags.
constexpr std::array<Flag, 15> flags{
    {{"use of oneDNN", &at::Context::userEnabledMkldnn, &at::Context::setUserEnabledMkldnn},
     {"use of NNPACK", &at::Context::userEnabledNNPACK, &at::Context::setUserEnabledNNPACK},
     {"use of cuDNN", &at::Context::userEnabledCuDNN, &at::Context::setUserEnabledCuDNN},
     {"cuDNN benchmarks", &at::Context::benchmarkCuDNN, &at::Context::setBenchmarkCuDNN},
     {"deterministic cuDNN", &at::Context::deterministicCuDNN, &at::Context::setDeterministicCuDNN},
     {"deterministic oneDNN", &at::Context::deterministicMkldnn,
      &at::Context::setDeterministicMkldnn},
     {"flash attention", &at::Context::userEnabledFlashSDP, &at::Context::setSDPUseFlash},
     {"memory-efficient attention", &at::Context::userEnabledMemEfficientSDP,
      &at::Context::setSDPUseMemEfficient},
     {"plain attention", &at::Context::userEnabledMathSDP, &at::Context::setSDPUseMath},
     {"cuDNN attention", &at::Context::userEnabledCuDNNSDP, &at::Context::setSDPUseCuDNN},
     {"attention in other backends", &at::Context::userEnabledOverrideableSDP,
      &at::Context::setSDPUseOverrideable},
     {"half-precision sums in attention", &at::Context::allowFP16BF16ReductionMathSDP,
      &at::Context::setAllowFP16BF16ReductionMathSDP},
     {"filling of new memory", &at::Context::deterministicFillUninitializedMemory,
      &at::Context::setDeterministicFillUninitializedMemory},
     {"half-precision sums on the CPU", &at::Context::allowFP16ReductionCPU,
      &at::Context::setAllowFP16ReductionCPU},
     {"half-precision sums in cuBLAS", &at::Context::allowFP16AccumulationCuBLAS,
      &at::Context::setAllowFP16AccumulationCuBLAS}}};

using Precision = std::pair<at::Float32Backend, at::Float32Op>;

/// In the order of Settings::precision.
constexpr std::array<Precision, 6> precisions{
    {{at::Float32Backend::CUDA, at::Float32Op::CONV},
     {at::Float32Backend::CUDA, at::Float32Op::RNN},
     {at::Float32Backend::CUDA, at::Float32Op::MATMUL},
     {at::Float32Backend::MKLDNN, at::Float32Op::CONV},
     {at::Float32Backend::MKLDNN, at::Float32Op::RNN},
     {at::Float32Backend::MKLDNN, at::Float32Op::MATMUL}}};

/// As setFloat32MatmulPrecision() takes it; LibTorch throws while its settings contradict each
/// other.
int matmul_precision() {
  try {
    return static_cast<int>(at::globalContext().float32MatmulPrecision());
  } catch (const std::exception&) {
    return -1;
  }
}

// --- The process

mode_t current_umask() {
  const auto mask = ::umask(077);
  ::umask(mask);
  return mask;
}

std::string current_folder() {
  std::array<char, 4096> path{};
  return ::getcwd(path.data(), path.size()) == nullptr ? "" : path.data();
}

Texts current_environment() {
  Texts entries;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry)
    entries.emplace_back(*entry);
  return entries;
}

void set_environment(const Texts& entries) {
  ::clearenv();
  for (const auto& entry : entries) {
    const auto equals = entry.find('=');
    if (equals != std::string::npos)
      ::setenv(entry.substr(0, equals).c_str(), entry.c_str() + equals + 1, 1);
  }
}

struct sigaction action_of(std::size_t signal) {
  struct sigaction action {};
  ::sigaction(static_cast<int>(signal), nullptr, &action);
  return action;
}

bool same(const struct sigaction& a, const struct sigaction& b) {
  constexpr int of_the_library = 0x04000000;  // SA_RESTORER, which glibc adds to what is set
  return a.sa_sigaction == b.sa_sigaction && ((a.sa_flags ^ b.sa_flags) & ~of_the_library) == 0;
}

sigset_t current_mask() {
  sigset_t mask{};
  ::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  return mask;
}

bool same(const sigset_t& a, const sigset_t& b) {
  for (int signal = 1; signal < 32; ++signal)
    if (::sigismember(&a, signal) != ::sigismember(&b, signal)) return false;
  return true;
}

rlimit limit_of(std::size_t resource) {
  rlimit limit{};
  ::getrlimit(static_cast<__rlimit_resource>(resource), &limit);
  return limit;
}

constexpr std::array timers{ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF};

bool timer_runs() {
  return std::any_of(timers.begin(), timers.end(), [](auto which) {
    itimerval value{};
    return ::getitimer(which, &value) == 0 &&
           (value.it_value.tv_sec != 0 || value.it_value.tv_usec != 0);
  });
}

void stop_timers() {
  const itimerval none{};
  for (const auto which : timers)
    ::setitimer(which, &none, nullptr);
}

/// What a descriptor leads to; zeros when it is closed.
std::pair<dev_t, ino_t> identity_of(int fd) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) return {};
  return {info.st_dev, info.st_ino};
}

/// The state that calls begin with, and what has been noted since begin_account().
struct Shared {
  std::mutex mutex;
  std::optional<NumericState> normal;
  std::array<int, 3> standard{-1, -1, -1};  ///< copies of stdin, stdout, stderr
  Account account;
};

Shared& shared() {
  static auto& state = *new Shared;
  return state;
}

const NumericState& normal_state() {
  auto& state = shared();
  const std::lock_guard lock(state.mutex);
  if (!state.normal) state.normal.emplace();
  return *state.normal;
}

void note_strays(const std::string& who, const Texts& changes) {
  auto& state = shared();
  const std::lock_guard lock(state.mutex);
  for (const auto& change : changes)
    state.account.strays.push_back(who + " changed " + change);
}

constexpr const char* inherited = "threads that may have inherited a changed setting";

void note_damage(const char* what) {
  auto& state = shared();
  const std::lock_guard lock(state.mutex);
  state.account.damage = what;
}

}  // namespace

// --- NumericState

NumericState::FloatingPoint::FloatingPoint() : rounding(std::fegetround()), traps(::fegetexcept()) {
  ::fegetmode(&modes);
}

Texts NumericState::FloatingPoint::changes() const {
  const FloatingPoint now;
  Texts what;
  if (now.rounding != rounding) what.emplace_back("rounding mode");
  if (now.traps != traps) what.emplace_back("exceptions that trap");
#if defined(__x86_64__)
  constexpr unsigned flush = 0x8040;          // MXCSR: flush to zero, denormals are zeros
  constexpr unsigned short x87_bits = 0x300;  // precision
  if (((now.modes.__mxcsr ^ modes.__mxcsr) & flush) != 0)
    what.emplace_back("flush of denormal numbers to zero");
  if (((now.modes.__control_word ^ modes.__control_word) & x87_bits) != 0)
    what.emplace_back("precision of the x87 unit");
#else
  if (what.empty() && std::memcmp(&now.modes, &modes, sizeof modes) != 0)
    what.emplace_back("flush of denormal numbers to zero, or another mode");
#endif
  if (what.empty()) return {};
  return {"the floating-point environment (" + protocol::join(what) + ")"};
}

NumericState::Settings::Settings()
    : dtype(c10::get_default_dtype()),
      deterministic(at::globalContext().deterministicAlgorithms()),
      only_warns(at::globalContext().deterministicAlgorithmsWarnOnly()),
      matmul(matmul_precision()),
      quantized(static_cast<int>(at::globalContext().qEngine())) {
  const auto& context = at::globalContext();
  for (std::size_t i = 0; i < flags.size(); ++i)
    this->flags[i] = (context.*worker::flags[i].get)();
  for (std::size_t i = 0; i < precision.size(); ++i)
    precision[i] =
        static_cast<int>(context.float32Precision(precisions[i].first, precisions[i].second));
}

Texts NumericState::Settings::changes() const {
  const Settings now;
  Texts what;
  if (now.dtype != dtype) what.emplace_back("LibTorch's default number type");
  for (std::size_t i = 0; i < flags.size(); ++i)
    if (now.flags[i] != flags[i])
      what.push_back(std::string("LibTorch's ") + worker::flags[i].name);
  if (now.deterministic != deterministic || now.only_warns != only_warns)
    what.emplace_back("LibTorch's choice of deterministic algorithms");
  if (now.precision != precision || now.matmul != matmul)
    what.emplace_back("LibTorch's precision of float32 products");
  if (now.quantized != quantized) what.emplace_back("LibTorch's engine of quantized numbers");
  return what;
}

void NumericState::Settings::restore() const {
  auto& context = at::globalContext();
  const Settings now;
  c10::set_default_dtype(dtype);
  for (std::size_t i = 0; i < flags.size(); ++i)
    if (now.flags[i] != flags[i]) (context.*worker::flags[i].set)(flags[i]);
  if (now.deterministic != deterministic || now.only_warns != only_warns)
    context.setDeterministicAlgorithms(deterministic, only_warns);
  constexpr std::array names{"highest", "high", "medium"};
  if (now.matmul != matmul && matmul >= 0)
    context.setFloat32MatmulPrecision(names[static_cast<std::size_t>(matmul)]);
  for (std::size_t i = 0; i < precision.size(); ++i)
    if (static_cast<int>(context.float32Precision(precisions[i].first, precisions[i].second)) !=
        precision[i])
      context.setFloat32Precision(precisions[i].first, precisions[i].second,
                                  static_cast<at::Float32Precision>(precision[i]));
  if (now.quantized != quantized) context.setQEngine(static_cast<at::QEngine>(quantized));
}

NumericState::NumericState()
    : autograd_(c10::AutogradState::get_tls_state()),
      keys_(c10::impl::tls_local_dispatch_key_set()),
      threads_(at::get_num_threads()) {}

Texts NumericState::changes() const {
  auto what = changes_of_plugins();
  const auto& autograd = c10::AutogradState::get_tls_state();
  if (autograd.get_grad_mode() != autograd_.get_grad_mode())
    what.emplace_back("LibTorch's gradient mode");
  const auto keys = c10::impl::tls_local_dispatch_key_set();
  if (autograd.get_inference_mode() != autograd_.get_inference_mode() ||
      autograd.get_fw_grad_mode() != autograd_.get_fw_grad_mode() ||
      keys.included_ != keys_.included_ || keys.excluded_ != keys_.excluded_)
    what.emplace_back("LibTorch's inference or autocast mode");
  if (at::get_num_threads() != threads_) what.emplace_back("LibTorch's number of threads");
  return what;
}

void NumericState::restore() const {
  restore_of_plugins();
  c10::AutogradState::set_tls_state(autograd_);
  c10::impl::_force_tls_local_dispatch_key_set(keys_);
  if (at::get_num_threads() != threads_) at::set_num_threads(threads_);
}

Texts NumericState::changes_of_plugins() const {
  auto what = floating_point_.changes();
  append(what, settings_.changes());
  return what;
}

void NumericState::restore_of_plugins() const {
  ::fesetmode(&floating_point_.modes);
  settings_.restore();
}

// --- ProcessState

ProcessState::ProcessState()
    : c_locale_(std::setlocale(LC_ALL, nullptr)),
      thread_locale_(::uselocale(nullptr)),
      umask_(current_umask()),
      folder_(current_folder()),
      environment_(current_environment()),
      mask_(current_mask()),
      timer_(timer_runs()),
      terminate_(std::get_terminate()),
      new_(std::get_new_handler()) {
  for (std::size_t i = 1; i < actions_.size(); ++i)
    actions_[i] = action_of(i);
  for (std::size_t i = 0; i < limits_.size(); ++i)
    limits_[i] = limit_of(i);
  for (std::size_t i = 0; i < standard_.size(); ++i)
    standard_[i] = identity_of(static_cast<int>(i));
}

Texts ProcessState::changes() const {
  const ProcessState now;
  Texts what;
  const auto compare = [&](bool equal, const char* name) {
    if (!equal) what.emplace_back(name);
  };
  compare(
      now.c_locale_ == c_locale_ && now.locale_ == locale_ && now.thread_locale_ == thread_locale_,
      "the locale");
  compare(now.umask_ == umask_, "the umask");
  compare(now.folder_ == folder_, "the working folder");
  compare(now.environment_ == environment_, "the environment");
  bool handlers = same(now.mask_, mask_);
  for (std::size_t i = 1; i < actions_.size(); ++i)
    handlers = handlers && same(now.actions_[i], actions_[i]);
  compare(handlers, "the signal handlers");
  bool limits = true;
  for (std::size_t i = 0; i < limits_.size(); ++i)
    limits = limits && now.limits_[i].rlim_cur == limits_[i].rlim_cur &&
             now.limits_[i].rlim_max == limits_[i].rlim_max;
  compare(limits, "the limits of the process");
  compare(now.timer_ == timer_, "timers of the process");
  compare(now.terminate_ == terminate_ && now.new_ == new_, "the C++ handlers");
  compare(now.standard_ == standard_, "the targets of stdin, stdout and stderr");
  return what;
}

bool ProcessState::restore() const {
  if (!(std::locale() == locale_)) std::locale::global(locale_);
  std::setlocale(LC_ALL, c_locale_.c_str());
  ::uselocale(thread_locale_);
  ::umask(umask_);
  bool whole = folder_.empty() || ::chdir(folder_.c_str()) == 0;
  if (current_environment() != environment_) set_environment(environment_);
  for (std::size_t i = 1; i < actions_.size(); ++i)
    if (!same(action_of(i), actions_[i])) ::sigaction(static_cast<int>(i), &actions_[i], nullptr);
  ::pthread_sigmask(SIG_SETMASK, &mask_, nullptr);
  for (std::size_t i = 0; i < limits_.size(); ++i) {
    const auto now = limit_of(i);
    if (now.rlim_cur == limits_[i].rlim_cur && now.rlim_max == limits_[i].rlim_max) continue;
    whole = ::setrlimit(static_cast<__rlimit_resource>(i), &limits_[i]) == 0 && whole;
  }
  if (!timer_) stop_timers();
  std::set_terminate(terminate_);
  std::set_new_handler(new_);
  for (std::size_t i = 0; i < standard_.size(); ++i)
    if (identity_of(static_cast<int>(i)) != standard_[i])
      whole = ::dup2(shared().standard[i], static_cast<int>(i)) >= 0 && whole;
  return whole;
}

void remember_normal_state() {
  auto& state = shared();
  for (int fd = 0; fd < 3; ++fd)
    state.standard[static_cast<std::size_t>(fd)] = ::fcntl(fd, F_DUPFD_CLOEXEC, 3);
  normal_state();
}

// --- Calls

PluginCall::PluginCall(Extent extent) : extent_(extent) {
  const auto& normal = normal_state();
  if (const auto strays = normal.changes_of_plugins(); !strays.empty()) {
    normal.restore_of_plugins();
    note_strays("a component", strays);
    note_damage(inherited);
    before_ = NumericState();
  }
  if (extent != Extent::thread) process_.emplace();
}

Texts PluginCall::put_back(const std::string& who) const {
  const auto numeric =
      extent_ == Extent::request ? before_.changes_of_plugins() : before_.changes();
  if (!numeric.empty())
    extent_ == Extent::request ? before_.restore_of_plugins() : before_.restore();
  if (!process_) return numeric;
  if (const auto changed = process_->changes(); !changed.empty()) {
    const bool whole = process_->restore();
    add_warning(who + " changed " + protocol::join(changed) + "; it is restored for the others");
    if (!whole) note_damage("changes that cannot be restored");
  }
  return numeric;
}

void PluginCall::settle(const std::string& who) const {
  const auto changed = put_back(who);
  if (changed.empty()) return;
  note_strays(who, changed);
  note_damage(inherited);
  throw ContractError(who + " changed " + protocol::join(changed) +
                      ", which all components of a process share; expected it to be unchanged. "
                      "Restore it before returning");
}

void PluginCall::abandon(const std::string& who) const noexcept {
  try {
    if (!put_back(who).empty()) note_damage(inherited);
  } catch (...) {  // no memory for words: what counts is what is thrown
    note_damage(inherited);
  }
}

void begin_account() {
  shared().account = {};
  // Draws without a seed must not depend on earlier draws.
  std::srand(1);
  ::srand48(0);
}

Account take_account() {
  return std::exchange(shared().account, {});
}

std::vector<std::string> take_account_of_strays() {
  return std::exchange(shared().account.strays, {});
}

void add_warning(const std::string& sentence) {
  auto& state = shared();
  const std::lock_guard lock(state.mutex);
  auto& warnings = state.account.warnings;
  if (std::find(warnings.begin(), warnings.end(), sentence) == warnings.end())
    warnings.push_back(sentence);
}

}  // namespace earshot::worker
