// Rows of experience as JSON, for people and scripts.
#pragma once

#include <string>

#include "common/base/row_schema.h"

namespace recbots {

// Appends one row, row_bytes() bytes at `row`, as a JSON object: column name -> number or nested arrays; null if a
// float is not finite. Floats have just enough digits to distinguish them from all others.
void AppendRowJson(const RowSchema& schema, const char* row, std::string& json);

// The `rows` rows of a batch that is laid out as columns (RowSchema::batch_offset), one JSON object a line.
std::string BatchJsonLines(const RowSchema& schema, const char* batch, size_t rows);

}  // namespace recbots
