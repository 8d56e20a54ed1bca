// recbots report RUN...: runs, compared on one page.
#include <algorithm>
#include <filesystem>
#include <iostream>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/base/command_line.h"
#include "common/base/file.h"
#include "common/base/program.h"
#include "common/base/status_macros.h"
#include "common/base/version.h"
#include "deploy/cli/commands.h"
#include "deploy/cli/figures/svg_plot.h"
#include "deploy/cli/report/html_page.h"
#include "deploy/cli/report/report_text.h"

namespace recbots {
namespace {

CommandSyntax Syntax() {
  return {
      "recbots report RUN_DIR... [flags]; a folder of runs stands for all of them",
      {{"out", "FILE", "the page, .html, or .md with --md and plots beside it as .svg", "report.html, or report.md"},
       {"md", "", "Markdown instead of HTML", ""}},
      CommandSyntax::kAnyNumber};
}

// The runs that the arguments name, each once.
absl::StatusOr<std::vector<RunFolder>> ReadRuns(const std::vector<std::string>& arguments) {
  std::vector<std::string> paths;
  for (const std::string& argument : arguments) {
    std::vector<std::string> found = {argument};
    if (!IsRunFolder(argument)) {
      RECBOTS_ASSIGN_OR_RETURN(found, FindRuns(argument));
      if (found.empty())
        return absl::NotFoundError(absl::StrCat("'", argument, "' is no run, and there are none below it"));
    }
    for (const std::string& path : found) {
      const std::string normal = std::filesystem::path(path).lexically_normal().string();
      if (std::find(paths.begin(), paths.end(), normal) == paths.end()) paths.push_back(normal);
    }
  }
  std::vector<RunFolder> runs;
  for (const std::string& path : paths) {
    RECBOTS_ASSIGN_OR_RETURN(RunFolder run, ReadRunFolder(path));
    runs.push_back(std::move(run));
  }
  return runs;
}

absl::Status WriteMarkdown(const RunReport& report, const std::string& path) {
  std::vector<std::string> files;
  const std::vector<Plot> plots = ReportPlots(report);
  for (size_t i = 0; i < plots.size(); ++i) {
    const std::string plot =
        absl::StrCat(absl::StripSuffix(path, ".md"), i == 0 ? "" : absl::StrCat("-", i + 1), ".svg");
    RECBOTS_RETURN_IF_ERROR(WriteFile(plot, RenderSvg(plots[i])));
    files.push_back(std::filesystem::path(plot).filename().string());
  }
  return WriteFile(path, ReportMarkdown(report, files));
}

int Compare(const CommandLine& flags) {
  const bool markdown = flags.has("md");
  const std::string ending = markdown ? ".md" : ".html";
  const std::string path = flags.has("out") ? flags.value("out") : "report" + ending;
  absl::Status wrong;
  if (flags.positional().empty()) wrong = absl::InvalidArgumentError(absl::StrCat("no run given: ", Syntax().usage));
  if (!absl::EndsWith(path, ending)) {
    wrong = absl::InvalidArgumentError(absl::StrCat("--out '", path, "', want a name that ends in ", ending));
  }
  if (!wrong.ok()) return Fail(wrong, kExitBadUsage);
  absl::StatusOr<std::vector<RunFolder>> runs = ReadRuns(flags.positional());
  if (!runs.ok()) return Fail(runs.status(), kExitFailed);
  const RunReport report = MakeRunReport(*std::move(runs));
  const std::string made_by =
      absl::StrCat("Made by recbots ", kVersion, " from ", report.runs.size(), " run(s) in ", report.groups.size(),
                   " group(s), ", absl::FormatTime("%Y-%m-%d %H:%M", absl::Now(), absl::LocalTimeZone()), ".");
  const absl::Status written = markdown ? WriteMarkdown(report, path) : WriteFile(path, ReportHtml(report, made_by));
  if (!written.ok()) return Fail(written, kExitFailed);
  std::cout << "recbots: " << path << " written: " << report.runs.size() << " run(s), " << report.groups.size()
            << " group(s), " << report.comparisons.size() << " comparison(s)" << std::endl;
  return kExitOk;
}

}  // namespace

Command ReportCommand() {
  return {"report", "RUN_DIR... [flags]", "runs, compared on one page: curves, tables, significance, configurations",
          [](const std::vector<std::string>& arguments) { return RunCommand(Syntax(), arguments, Compare); }, Syntax};
}

}  // namespace recbots
