#include <earshot/plugin.hpp>

#include "audio_qa.hpp"
#include "constant_answer.hpp"

EARSHOT_PLUGIN("audio_qa", "1.1.0", "Questions about audio, answered by a language model") {
  registrar.add<audio_qa::AudioQa>(
      "audio_qa", "Trains a mapper on questions and answers, and answers test questions");
  registrar.add<audio_qa::ConstantAnswer>("constant_answer",
                                          "Answers without a model: chance, majority, an option");
}
