#include "protocol/answers.hpp"

namespace earshot::protocol {

EARSHOT_JSON_DEFINITIONS(Hello, Done, Failed)

}  // namespace earshot::protocol
