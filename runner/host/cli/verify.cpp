#include "host/report/verify.hpp"

#include <filesystem>
#include <iostream>

#include "base/files.hpp"
#include "host/base/arguments.hpp"
#include "host/base/plain_text.hpp"
#include "host/cli/command.hpp"
#include "host/cli/generator.hpp"
#include "host/report/page.hpp"

namespace earshot::host {
namespace {

namespace fs = std::filesystem;

Syntax verify_syntax() {
  Syntax syntax{"verify", "REPORT.html",
                "Says whether a page of 'runner report' still tells the truth: verdicts, "
                "comparisons, scores,\n"
                "answers and everything else that it shows is computed again from the results "
                "file and compared.\n"
                "The exit code is 0 if all is equal, and 1 if something differs, which is listed. "
                "That the\n"
                "results changed since, because cells were run again or revised, also is a "
                "difference."};
  add_results_option(syntax.options);
  syntax.options.add_options()(
      "differences", program_options::value<std::size_t>()->value_name("N")->default_value(20),
      "number of differences to list");
  syntax.positionals = {{"report", 1}};
  syntax.examples =
      "  runner verify report.html\n"
      "  runner verify ablation.html --results ~/ablation.db\n";
  return syntax;
}

ExitCode run_verify(const std::vector<std::string>& arguments) {
  const auto given = parse(verify_syntax(), arguments);
  if (!given) return ExitCode::ok;
  if (!given->has("report")) refuse_usage("verify", "REPORT.html is missing");
  const fs::path file = given->text("report"), results = given->text("results");
  const auto name = "'" + plain_text(file.string()) + "'";
  const auto content = base::read_file(file);
  if (!content) refuse_usage("verify", name + " cannot be read");
  const auto page = read_page(*content, name);

  const Store store(results, Store::Mode::read);
  auto now = page_data(store, page.experiments);
  now.results = page.data.value("results", "");  // the file may have another name here
  now.generator = page.data.value("generator", "");
  fit(now, room_for_data());
  auto lines = page_differences(page.data, Json(now), given->get<std::size_t>("differences"));
  if (!page.same_frame && now.generator == generator())
    lines.push_back(
        "the page around the data was edited, or made by another build of the same version");
  else if (!page.same_frame)
    std::cout << "The page was made by another build (" << plain_text(now.generator)
              << "): only its data were compared, not what draws them.\n";
  if (page.data.contains("sounds"))
    std::cout << "The sounds in the page were not compared: plugins would have to read them.\n";
  for (const auto& line : lines)
    std::cout << plain_text(line) << '\n';
  std::cout << (lines.empty() ? "The page says what the results say.\n"
                              : "The page does not say what the results say.\n");
  return lines.empty() ? ExitCode::ok : ExitCode::cells_not_ok;
}

}  // namespace

const Command verify_command{"verify", Group::look, "says whether a page still tells the truth",
                             run_verify};

}  // namespace earshot::host
