// Rows of named texts, from CSV, TSV or JSON Lines; which of them is told by the first line.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "common/log/text_lines.h"

namespace recbots {

// JSON Lines: one object a line; nested objects and lists are named by their path, "response.click", "document.0"; null
// is missing. CSV and TSV: a line of names, then as many cells a line; an empty cell is missing; cells of CSV may be in
// double quotes, but a line end ends them. Empty lines are passed over. Not thread-safe.
class RowReader {
 public:
  static constexpr size_t kMaxColumns = 1 << 20;

  virtual ~RowReader() = default;

  // Reads the first line. `name` stands for the log in messages.
  //   INVALID_ARGUMENT  there are no rows, or the line of names is wrong; errors of TextLines::Next
  static absl::StatusOr<std::unique_ptr<RowReader>> Create(std::string name, std::unique_ptr<ByteStream> stream);

  // Reads the next row. False: there is none.
  //   INVALID_ARGUMENT  the line is no such row; names log and line; errors of TextLines::Next
  virtual absl::StatusOr<bool> Next() = 0;

  // The columns so far; JSON Lines may add some with every row.
  const std::vector<std::string>& names() const { return names_; }
  // The texts of the row, in the order of names(), valid until Next; a missing one has no data().
  absl::Span<const absl::string_view> values() const { return values_; }
  int64_t line() const { return lines_.number(); }
  const std::string& name() const { return name_; }
  // "NAME:LINE: what"
  absl::Status Error(absl::string_view what) const;

 protected:
  RowReader(std::string name, TextLines lines) : name_(std::move(name)), lines_(std::move(lines)) {}

  const std::string name_;
  TextLines lines_;
  std::vector<std::string> names_;
  std::vector<absl::string_view> values_;
};

}  // namespace recbots
