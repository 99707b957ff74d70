#include <filesystem>
#include <iostream>

#include "host/base/arguments.hpp"
#include "host/base/ask.hpp"
#include "host/cli/command.hpp"
#include "host/cli/results.hpp"
#include "protocol/path_text.hpp"

namespace earshot::host {
namespace {

namespace fs = std::filesystem;

/// The trained state of a run, next to the results file. @throws Failure (usage) if it has none, or
/// if it was deleted
fs::path fit_of(const Store& store, const std::string& text, const fs::path& results) {
  const auto selected = select_run(store, "export-adapter", text);
  const auto origin = origin_of(store, selected.cell, selected.run);
  if (!origin || origin->state != "ok")
    throw Failure(ExitCode::usage, "runner export-adapter: run '" + text + "' is not ok");
  const auto fit = trained_state_of(*origin, results);
  if (!fs::exists(fit))
    throw Failure(ExitCode::usage,
                  "runner export-adapter: there is no '" + fit.string() +
                      "', the trained state of run '" + text +
                      "'. Expected a run whose language model has train = \"lora\"; if the file "
                      "was deleted, run its experiment again");
  return fit;
}

ExitCode run_export_adapter(const std::vector<std::string>& arguments) {
  Syntax syntax{
      "export-adapter", "RUN",
      "Saves the LoRA adapter that a run trained in peft's format: adapter_model.safetensors\n"
      "and adapter_config.json in a folder. In Python, load it with PeftModel.from_pretrained(\n"
      "model, FOLDER); here, with the option `adapter` of the language model llama. RUN is a run\n"
      "number or the first characters of a cell key."};
  syntax.options.add_options()("to", program_options::value<std::string>()->value_name("FOLDER"),
                               "output folder; created if it does not exist");
  add_results_option(syntax.options);
  syntax.positionals = {{"run", 1}};
  syntax.examples = "  runner export-adapter 17 --to adapters/first\n";
  const auto given = parse(syntax, arguments);
  if (!given) return ExitCode::ok;
  if (!given->has("to")) refuse_usage("export-adapter", "--to is missing");
  const auto to = fs::absolute(given->text("to"));
  for (const auto* name : {"adapter_model.safetensors", "adapter_config.json"})
    if (fs::exists(to / name))
      throw Failure(ExitCode::usage, (to / name).string() +
                                         ": already exists; an adapter never replaces another. "
                                         "Give another folder, or remove this one");
  const fs::path results = given->text("results");
  const auto fit = fit_of(Store(results, Store::Mode::read), given->text("run"), results);
  try {
    WorkerProcess worker;
    const auto made = ask<protocol::verb::Adapter>(
        worker, {.file = protocol::path_text(fit), .to = protocol::path_text(to)}, until_done);
    std::cout << "wrote " << made.tensors << " tensors of " << made.numbers << " numbers to "
              << given->text("to") << '\n';
  } catch (const WorkerError& error) {
    throw Failure(ExitCode::usage, std::string("runner export-adapter: ") + error.what());
  }
  return ExitCode::ok;
}

}  // namespace

const Command export_adapter_command{"export-adapter", Group::models,
                                     "exports a trained LoRA adapter in peft's format",
                                     run_export_adapter};

}  // namespace earshot::host
