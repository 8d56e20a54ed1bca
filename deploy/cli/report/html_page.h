// A comparison of runs as one HTML page that needs no other file and asks no other host.
#pragma once

#include <string>

#include "deploy/cli/report/report_data.h"

namespace recbots {

// Plots are in the page as SVG. Light and dark follow the system; wide tables scroll by themselves. `made_by` says
// which program made the page, and from what. A pure function.
std::string ReportHtml(const RunReport& report, const std::string& made_by);

}  // namespace recbots
