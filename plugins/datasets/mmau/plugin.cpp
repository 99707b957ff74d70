#include <earshot/plugin.hpp>

#include "benchmark.hpp"

EARSHOT_PLUGIN("mmau", "1.0.0", "Benchmarks of multiple choice on audio: MMAU and MMAR") {
  registrar.add<mmau::Mmau>("mmau", "MMAU: 1000 questions (test-mini) on sound, music and speech");
  registrar.add<mmau::Mmar>("mmar", "MMAR: 1000 questions that need reasoning in several steps");
}
