// Writes the page of a reproduction, docs/results/slateq.md, with published figures beside ours.
#pragma once

#include <string>

#include "deploy/cli/figures/svg_plot.h"
#include "deploy/cli/reproduce/results.h"

namespace recbots {

// The page in Markdown. Tables without rows are left out. `plot_file` is the plot's file in the same folder; empty:
// none.
std::string ReproductionPage(const Reproduction& reproduction, const std::string& plot_file);

// Reward over environment steps of the experiments with `plotted`, and levels for random, myopic and best known play in
// their scenario. Without series if there are no curves.
Plot ReproductionPlot(const Reproduction& reproduction);

}  // namespace recbots
