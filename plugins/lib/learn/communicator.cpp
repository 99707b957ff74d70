#include <chrono>
#include <sstream>
#include <string>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <lib/learn/communicator.hpp>

#include <earshot/error.hpp>

#ifdef USE_C10D_GLOO
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#endif

namespace earshot::kit {

#ifdef USE_C10D_GLOO

namespace {

/// For the other processes to load their plugins and data.
constexpr std::chrono::minutes to_join{30};
/// The others wait while the first one validates, for as long as that takes: a process that ends
/// closes its connections, so that nobody waits for it.
constexpr std::chrono::hours to_compute{24 * 365};

std::string first_line(const std::exception& error) {
  const std::string text = error.what();
  return text.substr(0, text.find('\n'));
}

/// @throws ConfigError if this is rank 0 and the port cannot be opened.
c10::intrusive_ptr<c10d::Store> open_store(const Rendezvous& where) {
  c10d::TCPStoreOptions options;
  options.port = where.port;
  options.isServer = where.rank == 0 && !where.is_kept;
  options.waitWorkers = false;
  options.timeout = to_join;
  try {
    return c10::make_intrusive<c10d::TCPStore>(where.address, options);
  } catch (const std::exception& error) {
    if (!options.isServer) throw;
    throw ConfigError("MASTER_PORT is " + std::to_string(where.port) +
                      ", which cannot be opened on this machine: " + first_line(error) +
                      ". Set it to a free port");
  }
}

c10::intrusive_ptr<c10d::ProcessGroupGloo::Options> options_for(const Rendezvous& where) {
  using c10d::ProcessGroupGloo;
  // Of a network, the interface that GLOO_SOCKET_IFNAME names, or that of the machine's name.
  if (!where.is_loopback()) return ProcessGroupGloo::Options::create_default(to_join);
  auto options = ProcessGroupGloo::Options::create(to_join);
  options->devices.push_back(ProcessGroupGloo::createDeviceForHostname("127.0.0.1"));
  return options;
}

}  // namespace

struct Communicator::Group {
  explicit Group(const Rendezvous& where) : where_(where) {
    with_others([&] {
      const auto store = open_store(where);
      // Who keeps a store may keep it for several trainings, whose entries must differ.
      const auto time = store->add("joined by " + std::to_string(where.rank), 1);
      backend_ = c10::make_intrusive<c10d::ProcessGroupGloo>(
          c10::make_intrusive<c10d::PrefixStore>("training " + std::to_string(time), store),
          static_cast<int>(where.rank), static_cast<int>(where.size), options_for(where));
      backend_->setTimeout(to_compute);
    });
  }

  void sum(at::Tensor flat) const {
    std::vector<at::Tensor> one{std::move(flat)};
    with_others([&] { backend_->allreduce(one)->wait(); });
  }
  void send_from_first(at::Tensor flat) const {
    std::vector<at::Tensor> one{std::move(flat)};
    with_others([&] { backend_->broadcast(one)->wait(); });
  }

 private:
  template <class Call>
  void with_others(const Call& call) const {
    try {
      call();
    } catch (const Error&) {
      throw;
    } catch (const std::exception& error) {
      C10_THROW_ERROR(DistBackendError,
                      "rank " + std::to_string(where_.rank) + " of the " +
                          std::to_string(where_.size) +
                          " processes of the training has lost another one: " + first_line(error));
    }
  }

  Rendezvous where_;
  c10::intrusive_ptr<c10d::Backend> backend_{};
};

void Communicator::check_available(std::int64_t) {}

Communicator Communicator::join(const Rendezvous& where) {
  Communicator all;
  if (where.size == 1) return all;
  all.rank_ = where.rank;
  all.size_ = where.size;
  all.group_ = std::make_shared<Group>(where);
  return all;
}

#else

struct Communicator::Group {
  void sum(const at::Tensor&) const {}
  void send_from_first(const at::Tensor&) const {}
};

void Communicator::check_available(std::int64_t processes) {
  if (processes > 1)
    throw ConfigError("processes is " + std::to_string(processes) +
                      ", and this build has no gloo, over which processes would share a training; "
                      "allowed: 1. Install libgloo-dev and build again");
}

Communicator Communicator::join(const Rendezvous& where) {
  check_available(where.size);
  return {};
}

#endif

namespace {

/// Some tensors as one on the CPU, in which they are added up, and back.
class Bucket {
 public:
  static constexpr std::int64_t full = 32 << 20;  ///< bytes: a message far larger than its cost

  bool takes(const at::Tensor& tensor) const {
    return tensors_.empty() || (bytes_ < full && sum_type(tensor) == sum_type(tensors_.front()));
  }
  void add(const at::Tensor& tensor) {
    tensors_.push_back(tensor);
    bytes_ += static_cast<std::int64_t>(tensor.nbytes());
  }
  template <class Sum>
  void sum(const Sum& sum_flat) {
    if (tensors_.empty()) return;
    std::vector<at::Tensor> parts;
    for (const auto& tensor : tensors_)
      parts.push_back(tensor.detach().reshape(-1).to(at::kCPU, sum_type(tensor)));
    const auto flat = at::cat(parts);
    sum_flat(flat);
    std::int64_t begin = 0;
    for (auto& tensor : tensors_) {
      tensor.detach().copy_(flat.narrow(0, begin, tensor.numel()).view(tensor.sizes()));
      begin += tensor.numel();
    }
    tensors_.clear();
    bytes_ = 0;
  }

 private:
  static at::ScalarType sum_type(const at::Tensor& tensor) {
    return tensor.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
  }

  std::vector<at::Tensor> tensors_{};
  std::int64_t bytes_ = 0;
};

/// Names, types and shapes of the tensors of a state, and its texts; all but the tensors' values.
std::string outline_of(const State& state) {
  std::ostringstream out;
  const auto text = [&](const std::string& value) { out << value.size() << ' ' << value << ' '; };
  out << state.tensors.size() << ' ' << state.text.size() << ' ';
  for (const auto& [name, tensor] : state.tensors) {
    text(name);
    out << static_cast<int>(tensor.scalar_type()) << ' ' << tensor.dim() << ' ';
    for (const auto size : tensor.sizes())
      out << size << ' ';
  }
  for (const auto& [name, value] : state.text) {
    text(name);
    text(value);
  }
  return out.str();
}

State empty_state(const std::string& outline) {
  std::istringstream in(outline);
  const auto text = [&] {
    std::size_t size = 0;
    in >> size;
    in.get();
    std::string value(size, '\0');
    in.read(value.data(), static_cast<std::streamsize>(size));
    return value;
  };
  State state;
  std::size_t tensors = 0, texts = 0;
  in >> tensors >> texts;
  for (std::size_t i = 0; i < tensors; ++i) {
    const auto name = text();
    int type = 0;
    std::size_t dim = 0;
    in >> type >> dim;
    std::vector<std::int64_t> sizes(dim);
    for (auto& size : sizes)
      in >> size;
    state.tensors.emplace(name, at::empty(sizes, static_cast<at::ScalarType>(type)));
  }
  for (std::size_t i = 0; i < texts; ++i) {
    auto name = text();
    state.text.emplace(std::move(name), text());
  }
  return state;
}

/// A tensor's memory, whatever its type.
at::Tensor bytes_of(const at::Tensor& contiguous) {
  return at::from_blob(contiguous.data_ptr(), {static_cast<std::int64_t>(contiguous.nbytes())},
                       at::kByte);
}

}  // namespace

void Communicator::sum(const std::vector<at::Tensor>& tensors) const {
  if (size_ == 1) return;
  const at::NoGradGuard no_grad;
  const auto sum_flat = [&](const at::Tensor& flat) { group_->sum(flat); };
  Bucket bucket;
  for (const auto& tensor : tensors) {
    if (!bucket.takes(tensor)) bucket.sum(sum_flat);
    bucket.add(tensor);
  }
  bucket.sum(sum_flat);
}

std::vector<double> Communicator::sums_of(std::vector<double> numbers) const {
  if (size_ > 1 && !numbers.empty())
    group_->sum(at::from_blob(numbers.data(), {std::ssize(numbers)}, at::kDouble));
  return numbers;
}

State Communicator::from_first(const State& state) const {
  if (size_ == 1) return state;
  const at::NoGradGuard no_grad;
  auto outline = leads() ? outline_of(state) : std::string();
  outline.resize(static_cast<std::size_t>(sums_of({static_cast<double>(outline.size())}).front()));
  group_->send_from_first(
      at::from_blob(outline.data(), {static_cast<std::int64_t>(outline.size())}, at::kByte));
  auto shared = leads() ? state : empty_state(outline);
  for (const auto& [name, tensor] : shared.tensors) {
    const auto whole = tensor.detach().to(at::kCPU).contiguous();
    if (whole.numel() > 0) group_->send_from_first(bytes_of(whole));
  }
  return shared;
}

}  // namespace earshot::kit
