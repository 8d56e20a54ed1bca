// The values of a row of a log, by our names, checked.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/log/log_options.h"
#include "common/log/row_reader.h"

namespace recbots {

// A missing number is NaN, a missing flag -1, a missing text has no data().
struct DecodedRow {
  absl::string_view session, user, item, policy;
  int64_t step = -1;
  int32_t position = -1;  // From 0.
  int32_t clicked = -1, terminated = -1, truncated = -1;
  uint32_t stream = 0;
  double timestamp, slate_propensity, item_propensity, prefix_propensity;
  double evaluation_slate, evaluation_item, evaluation_prefix, q_hat, evaluation_q_hat, reward;
};

// Finds our columns among those of the log, and reads them. Not thread-safe.
class RowDecoder {
 public:
  // Both must outlive the decoder.
  RowDecoder(const RowReader& rows, const LogOptions& options);

  // Decodes the reader's row; the texts are valid until the reader's Next. With lists, decodes element `index`.
  //   INVALID_ARGUMENT  names log, line, column, value and what was wanted
  absl::Status Decode(size_t index, DecodedRow& row);
  // How many rows the reader's row stands for: the items of its list, or 1.
  absl::StatusOr<size_t> NumElements();

  // Whether any row so far has the column.
  bool has(LogColumn column) const { return columns_[static_cast<size_t>(column)] != kNone; }
  // What the log calls the column, for messages.
  const std::string& TheirName(LogColumn column) const { return theirs_[static_cast<size_t>(column)]; }
  // Checks, when all rows are read, that every column of options.columns was there.
  absl::Status CheckMapping() const;
  // Columns of the log by name, such as "response.click"; kNone if there is none.
  static constexpr size_t kNone = static_cast<size_t>(-1);
  size_t Find(absl::string_view name) const;
  // The number in a column; NaN if it is missing.
  absl::Status Number(size_t column, size_t index, double low, double high, double& value) const;

 private:
  void Resolve();
  absl::string_view Text(LogColumn column, size_t index) const;
  absl::string_view Element(size_t column, size_t index) const;
  absl::Status Fault(size_t column, absl::string_view text, absl::string_view want) const;
  absl::Status Number(LogColumn column, size_t index, double low, double high, double& value) const;
  absl::Status Probability(LogColumn column, size_t index, bool may_be_zero, double& value) const;
  absl::Status Flag(LogColumn column, size_t index, int32_t& value) const;
  absl::Status WholeNumbers(size_t index, DecodedRow& row) const;
  absl::Status Reward(size_t index, DecodedRow& row) const;

  const RowReader& rows_;
  const LogOptions& options_;
  std::array<std::string, kNumLogColumns> theirs_;
  std::array<size_t, kNumLogColumns> columns_{};  // kNone: there is none
  std::vector<size_t> reward_columns_;
  size_t stream_column_ = kNone;
  size_t resolved_ = 0;  // This many columns of the reader are known.
};

}  // namespace recbots
