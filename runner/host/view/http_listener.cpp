#include "host/view/http_listener.hpp"

#include <cstring>

#include <dlfcn.h>

#include "host/base/failure.hpp"
#include "host/base/installation.hpp"

namespace earshot::host {
namespace {

HttpListenerMaker* loaded_maker() {
  const auto file = http_module();
  void* const module = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  void* const made = module == nullptr ? nullptr : ::dlsym(module, http_listener_maker);
  if (made == nullptr)
    throw Failure(ExitCode::usage, "runner view: " + file.string() +
                                       " cannot be used: " + ::dlerror() +
                                       ". Install libcpp-httplib, or build Earshot again");
  return reinterpret_cast<HttpListenerMaker*>(made);
}

}  // namespace

PageAnswer text_answer(int status, const std::string& text) {
  return {.status = status,
          .body = std::make_shared<const std::string>("runner view: " + text + "\n")};
}

std::unique_ptr<HttpListener> http_listener(const ListenerSettings& settings) {
  int error = 0;
  std::unique_ptr<HttpListener> listener(loaded_maker()(settings, error));
  if (!listener)
    throw Failure(ExitCode::usage,
                  "runner view: port " + std::to_string(settings.port) + " of " + settings.host +
                      " cannot be listened on" +
                      (error == 0 ? std::string() : std::string(": ") + std::strerror(error)) +
                      "; allowed is a port that no other program uses. Choose another with --port, "
                      "or 0 for any that is free");
  return listener;
}

}  // namespace earshot::host
