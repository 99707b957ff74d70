#include <earshot/error.hpp>

namespace earshot {

Error::~Error() = default;
ConfigError::~ConfigError() = default;
DataError::~DataError() = default;
ContractError::~ContractError() = default;
Unsupported::~Unsupported() = default;

}  // namespace earshot
