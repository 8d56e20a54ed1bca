// What a comparison of runs says: tables, which become Markdown or HTML, and plots.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "deploy/cli/figures/svg_plot.h"
#include "deploy/cli/report/report_data.h"

namespace recbots {

struct ReportTable {
  std::string title;
  std::string note;  // How to read it: sentences, below the title.
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;
  bool rows_have_names = true;  // The first cell names the row.
};

// The tables that have rows: groups, comparisons, differences of configurations, runs, machines and builds.
std::vector<ReportTable> ReportTables(const RunReport& report);

// A plot for each environment: curves with bands of its groups, and the references of its newest run.
std::vector<Plot> ReportPlots(const RunReport& report);

// The page in Markdown; `plot_files` are the plots' files, as many as ReportPlots has.
std::string ReportMarkdown(const RunReport& report, const std::vector<std::string>& plot_files);

}  // namespace recbots
