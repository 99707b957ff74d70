#include <earshot/plugin.hpp>

#include "benchmark.hpp"

EARSHOT_PLUGIN("mmau", "1.0.0", "Multiple-choice benchmarks on audio: MMAU and MMAR") {
  registrar.add<mmau::Mmau>("mmau",
                            "MMAU: 1000 questions (test-mini) about sound, music and speech");
  registrar.add<mmau::Mmar>("mmar", "MMAR: 1000 questions that need multi-step reasoning");
}
