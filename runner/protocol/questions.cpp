#include "protocol/questions.hpp"

namespace earshot::protocol {

EARSHOT_JSON_DEFINITIONS(PredictionsRequest, AnsweredItems, AnsweredSeed, PredictionsResult,
                         CompleteRequest, CompleteResult, AdapterRequest, AdapterResult,
                         ExportEncoderRequest, ExportEncoderResult, EncodeRequest, EncodeResult,
                         CacheVerifyRequest, CacheVerifyResult)

}  // namespace earshot::protocol
