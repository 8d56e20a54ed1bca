// The lines of `recbots bench` that documents name, as "bench metric": "env/document_browsing steps_per_second".
#pragma once

#include <set>
#include <string>
#include <vector>

#include "tests/documents/document.h"

namespace recbots::documents {

bool IsBenchLine(const std::string& text);

// Those whose bench begins with `group` ("env"), and benches of it that are named without a metric. What is a folder or
// file of the tree at `root` is left out.
std::vector<CodeSpan> DocumentedBenchLines(const std::string& root, const std::string& group);

// Whether it is among the lines that were printed; without a metric: whether any of them is of that bench, or below it.
bool IsPrinted(const std::string& line, const std::set<std::string>& printed);

}  // namespace recbots::documents
