// A worker without plugins: speaks the protocol, and does what the name of a request's component
// says. Put in front of the true worker as --worker-prefix, so it is started as the true one is:
// scripted_worker <worker> <read fd> <write fd>. Each cell, features and pretrain request appends
// "begin <name>" and "end <name>" to the file SCRIPTED_WORKER_LOG.
#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "protocol/answers.hpp"
#include "protocol/frame.hpp"
#include "protocol/stages.hpp"

namespace {

using namespace earshot::protocol;

volatile std::sig_atomic_t asked_to_stop = 0;

void note(const std::string& line) {
  if (const char* file = std::getenv("SCRIPTED_WORKER_LOG"))
    std::ofstream(file, std::ios::app) << line + "\n";
}

void sleep_ms(int milliseconds) {
  std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
}

/// True the first time that this name is asked for, over all processes.
bool first_time(const std::string& name) {
  const auto file = std::string(std::getenv("SCRIPTED_WORKER_LOG")) + "." + name;
  if (std::ifstream(file)) return false;
  std::ofstream(file) << "x";
  return true;
}

/// What the next answer says besides its result.
std::string leftovers, warning;

struct Refusal {
  std::string kind, message;
};

/// The misbehaviour that a component's name asks for; nothing for other names.
void behave(const std::string& name, int out) {
  if (name == "crash") std::raise(SIGSEGV);
  if (name == "flaky" && first_time(name)) std::raise(SIGABRT);
  if (name == "exit") std::_Exit(0);
  if (name == "config") throw Refusal{"config", "alpha is '-1'; allowed is 0 or more"};
  if (name == "bug") throw Refusal{"bug", "index out of range"};
  if (name == "unsupported") throw Refusal{"unsupported", "needs codes"};
  if (name == "leaves_crash") leftovers = "a thread";
  if (name == "warns") warning = "it changed the locale";
  if (name == "talks") throw Refusal{"data", "\x1b[31mred \xc2\x9b" + std::string(1 << 20, 'x')};
  if (name == "deep") {
    const std::string depth(1 << 20, '[');
    const auto header =
        "{\"type\":\"done\",\"id\":1,\"result\":" + depth + std::string(depth.size(), ']') + "}";
    std::string frame;
    for (int i = 0; i < 2; ++i)
      for (int shift = 0; shift < 32; shift += 8)
        frame += static_cast<char>(header.size() >> shift & 255);
    frame += header;
    for (std::size_t sent = 0; sent < frame.size();)
      sent += static_cast<std::size_t>(
          std::max<ssize_t>(0, write(out, frame.data() + sent, frame.size() - sent)));
  }
  if (name == "shares") {
    void* memory = ::mmap(nullptr, std::size_t{300} << 20, PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    std::memset(memory, 1, std::size_t{300} << 20);
    sleep_ms(60000);
  }
  if (name == "greedy_child" && ::fork() == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    std::vector<char> memory(std::size_t{300} << 20, 1);
    while (memory[7] == 1)
      sleep_ms(1000);
  }
  if (name == "greedy_child") sleep_ms(60000);
  if (name == "detaches") {
    if (::fork() == 0) {
      if (::fork() == 0) {
        ::setsid();
        note("pid " + std::to_string(::getpid()));
        sleep_ms(60000);
      }
      ::_exit(0);
    }
    ::wait(nullptr);
    sleep_ms(300);
  }
  if (name == "slow") sleep_ms(200);
  if (name == "hang") {
    std::signal(SIGTERM, SIG_IGN);
    while (true)
      sleep_ms(1000);
  }
  if (name == "patient")
    while (asked_to_stop == 0)
      sleep_ms(10);
  if (name == "greedy") {
    std::vector<char> memory(std::size_t{300} << 20, 1);
    while (memory[7] == 1)
      sleep_ms(1000);
  }
  if (name == "garbage") {
    const std::string bytes = "this is no frame at all, is it";
    if (write(out, bytes.data(), bytes.size()) < 0) std::abort();
    sleep_ms(60000);
  }
}

void send(Channel& channel, std::int64_t id, const std::string& type, Json fields,
          std::string binary = {}) {
  fields["type"] = type;
  fields["id"] = id;
  channel.send({std::move(fields), std::move(binary)});
}

Json pretrain(const PretrainRequest& request, std::int64_t id, Channel& channel, int out) {
  const auto& name = request.evaluator.component;
  note("begin training " + name);
  behave(name, out);
  send(channel, id, "curve", {{"curve", "loss"}, {"points", {{0, 2.0}, {1, 1.0}}}});
  if (name == "samples")
    send(channel, id, "artifact",
         {{"name", "sample_0_after.flac"}, {"path", request.file + ".sample_0_after.flac"}});
  note("end training " + name);
  return PretrainResult{.bytes = 123};
}

Json features(const FeaturesRequest& request, int out) {
  std::string names;
  for (const auto& source : request.sources)
    names += source.encoder.component;
  note("begin " + names);
  Json results = Json::array();
  for (const auto& source : request.sources) {
    behave(source.encoder.component, out);
    results.push_back(FeatureResult{.key = source.key, .clips = 2, .computed = 2});
  }
  note("end " + names);
  return {{"encoders", results}};
}

Json cell(const CellRequest& request, std::int64_t id, Channel& channel, int out) {
  const auto& name = request.evaluator.component;
  note("begin " + name);
  behave(name, out);
  send(channel, id, "stage", {{"stage", "fit"}, {"seconds", 0.0}, {"reused", false}});
  if (name == "says_unknown") send(channel, id, "gossip", {{"text", "x"}});
  if (name == "says_half") send(channel, id, "progress", {{"done", 1}});
  if (name == "gives_half") return {{"declared", 2}};
  const double value = request.evaluator.options.value("value", 0.25);
  send(channel, id, "predictions",
       {{"rows", {{1, 0, "", {{"accuracy", 1.0}}}, {2, 1, "", {{"accuracy", 0.0}}}}}});
  if (name == "says_prediction_twice")
    send(channel, id, "predictions", {{"rows", {{1, 0, "", {{"accuracy", 1.0}}}}}});
  const std::int64_t items = name == "counts_below_zero" ? -1 : 2;
  const Json metric =
      MetricRow{"all", "all", "accuracy", "mean", value, "", items, nullptr, nullptr, "2 groups"};
  for (int n = 0; n < (name == "says_metric_twice" ? 2 : 1); ++n)
    send(channel, id, "metric", metric);
  for (int n = 0; n < (name == "says_artifact_twice" ? 2 : 0); ++n)
    send(channel, id, "artifact", {{"name", "a.txt"}, {"path", "/a.txt"}});
  note("end " + name);
  return CellResult{.declared = 2, .used = 2, .complete = asked_to_stop == 0};
}

Json perform(const Json& request, std::int64_t id, Channel& channel, int out) {
  const auto verb = request.at("type").get<std::string>();
  if (verb == "pretrain") return pretrain(request.get<PretrainRequest>(), id, channel, out);
  if (verb == "features") return features(request.get<FeaturesRequest>(), out);
  if (verb == "cell") return cell(request.get<CellRequest>(), id, channel, out);
  if (verb != "items") throw Refusal{"bug", "unknown request"};
  behave(request.at("dataset").at("component").at("component"), out);
  Json items = Json::array();
  for (const char* name : {"a", "b", "c"})
    items.push_back({name, Json::object(), Json::object(), Json::object()});
  send(channel, id, "items", {{"items", items}});
  return Json::object();
}

}  // namespace

int main(int, char** argv) {
  std::signal(SIGTERM, [](int) { asked_to_stop = 1; });
  const int in = std::atoi(argv[2]), out = std::atoi(argv[3]);
  Channel channel(in, out);
  Json hello = Hello{.abi_tag = "none", .torch = "none", .pid = getpid()};
  hello["type"] = "hello";
  channel.send({std::move(hello)});
  while (const auto request = channel.receive()) {
    const std::int64_t id = request->header.at("id");
    try {
      auto result = perform(request->header, id, channel, out);
      Json fields{{"result", std::move(result)}};
      if (!leftovers.empty()) fields["leftovers"] = std::exchange(leftovers, "");
      if (!warning.empty()) fields["warnings"] = {std::exchange(warning, "")};
      const bool late_crash = fields.contains("leftovers");
      send(channel, id, "done", std::move(fields));
      if (late_crash) std::thread([] { sleep_ms(50), std::raise(SIGSEGV); }).detach();
    } catch (const Refusal& refusal) {
      send(channel, id, "failed", {{"kind", refusal.kind}, {"message", refusal.message}});
    }
  }
  std::_Exit(0);
}
