// The runs below a folder, as a table and as JSON.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "deploy/cli/view/run_folder.h"

namespace recbots {

enum class RunOrder { kName, kValue, kUpdates, kDuration, kSize };

// "name", "value", "updates", "duration", "size". INVALID_ARGUMENT: another word.
absl::StatusOr<RunOrder> ParseRunOrder(const std::string& word);

// By name ascending, by everything else from the largest down; runs without a value come last.
void SortRuns(RunOrder order, std::vector<RunFolder>& runs);

// A table of at most `columns` cells, with a line of names: paths relative to `root`. Long names and endings are cut.
std::vector<std::string> RunTable(const std::vector<RunFolder>& runs, const std::string& root, int columns, bool color);

// A list of objects; docs/terminal.md lists the fields.
Json RunsJson(const std::vector<RunFolder>& runs);

}  // namespace recbots
