#include <cmath>
#include <numbers>

#include <earshot/kit/random.hpp>

namespace earshot::kit {

namespace {

std::uint64_t mix(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

}  // namespace

Random::result_type Random::operator()() {
  return mix(state_ += 0x9e3779b97f4a7c15);
}

double Random::uniform() {
  return static_cast<double>((*this)() >> 11) * 0x1p-53;
}

double Random::normal() {
  const double radius = std::sqrt(-2 * std::log(1 - uniform()));
  return radius * std::cos(2 * std::numbers::pi * uniform());
}

std::int64_t Random::below(std::int64_t n) {
  const auto bound = static_cast<std::uint64_t>(n);
  const std::uint64_t reject = (0 - bound) % bound;  // 2^64 mod n: these draws would favour 0
  std::uint64_t draw = 0;
  do {
    draw = (*this)();
  } while (draw < reject);
  return static_cast<std::int64_t>(draw % bound);
}

std::uint64_t derive(std::uint64_t seed, const char* stream, std::int64_t index) {
  auto state = mix(seed + 0x9e3779b97f4a7c15);
  for (const char* letter = stream; *letter != '\0'; ++letter)
    state = mix(state ^ static_cast<unsigned char>(*letter)) + 0x9e3779b97f4a7c15;
  return mix(state ^ mix(static_cast<std::uint64_t>(index) + 0x632be59bd9b4e019));
}

}  // namespace earshot::kit
