#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace earshot::worker {

/// What comparing a plugin's ABI tag with the host's says.
struct AbiVerdict {
  std::string refusal{};                ///< why the plugin must not be used; "" when it may
  std::vector<std::string> warnings{};  ///< differences that are known to do no harm
};

/// Compares two tags ("sdk3;torch2.11.0;gcc12;libstdc++cxx11=1;c++202002L") field by field: SDK,
/// LibTorch, C++ library and sanitizer must be equal; compiler and language standard may differ.
AbiVerdict compare_abi_tags(std::string_view plugin, std::string_view host);

}  // namespace earshot::worker
