// Rows of JSON Lines (row_reader.h).
#pragma once

#include <memory>
#include <string>

#include "common/log/row_reader.h"

namespace recbots {

// `first` is the line that was read already.
std::unique_ptr<RowReader> MakeJsonRows(std::string name, TextLines lines, std::string first);

}  // namespace recbots
