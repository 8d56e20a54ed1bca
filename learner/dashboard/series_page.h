// The page /api/v1/series: the history of a run as JSON, as fine as the reader asks for (docs/formats.md).
#pragma once

#include <vector>

#include "common/metrics/http_server.h"
#include "learner/dashboard/series_recorder.h"

namespace recbots {

// Reads `names`, `x`, `since`, `until` and `points` of the parameters, and each series from the recorder that has it.
// 400, with an "error" that names parameter, value and bound, where one of them is wrong; a name that no recorder has
// gives an empty series. Thread-safe.
WebPage::Answer SeriesPage(const WebPage::Parameters& parameters, const std::vector<const SeriesRecorder*>& recorders);

}  // namespace recbots
