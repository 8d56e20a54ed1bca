// The page of a reproduction, docs/results/slateq.md: published figures beside ours.
#pragma once

#include <string>

#include "deploy/cli/reproduce/results.h"
#include "deploy/cli/reproduce/svg_plot.h"

namespace recbots {

// Markdown. Tables without rows are left out. `plot_file` is the name of the plot beside the page; empty: none.
std::string ReproductionPage(const Reproduction& reproduction, const std::string& plot_file);

// Reward over environment steps of the experiments that are plotted, and random, myopic and best known play of their
// scenario. Without series where there are no curves.
Plot ReproductionPlot(const Reproduction& reproduction);

}  // namespace recbots
