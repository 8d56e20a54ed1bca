#include "common/log/order_rows.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/format_count.h"
#include "common/base/status_macros.h"
#include "common/rl/spec.h"

namespace recbots {
namespace {

template <typename T>
void Reorder(const std::vector<uint32_t>& order, std::vector<T>& column) {
  if (column.empty()) return;
  std::vector<T> ordered(column.size());
  for (size_t i = 0; i < order.size(); ++i) ordered[i] = column[order[i]];
  column = std::move(ordered);
}

// Whether row a comes before row b, of the same session by the log's own columns.
bool ComesBefore(const LogRows& rows, size_t a, size_t b) {
  if (rows.kind == SessionKind::kRows) return false;
  if (rows.session[a] != rows.session[b]) return rows.session[a] < rows.session[b];
  if (rows.kind == SessionKind::kFromGaps) {
    if (rows.log.timestamp[a] != rows.log.timestamp[b]) return rows.log.timestamp[a] < rows.log.timestamp[b];
    return false;  // The order of the file; positions do not tell slates of the same moment apart.
  }
  if (rows.step.empty()) return false;
  if (rows.step[a] != rows.step[b]) return rows.step[a] < rows.step[b];
  return rows.log.position[a] < rows.log.position[b];
}

// Sorts the rows where they are not in order already; true if they were not.
bool Sort(LogRows& rows) {
  const size_t num_rows = rows.log.num_rows();
  const auto before = [&rows](uint32_t a, uint32_t b) { return ComesBefore(rows, a, b); };
  bool sorted = true;
  for (uint32_t i = 1; i < num_rows && sorted; ++i) sorted = !before(i, i - 1);
  if (sorted) return false;
  std::vector<uint32_t> order(num_rows);
  std::iota(order.begin(), order.end(), 0U);
  std::stable_sort(order.begin(), order.end(), before);
  InteractionLog& log = rows.log;
  for (std::vector<double>* column :
       {&log.reward, &log.slate_propensity, &log.item_propensity, &log.prefix_propensity, &log.evaluation_slate,
        &log.evaluation_item, &log.evaluation_prefix, &log.q_hat, &log.evaluation_q_hat, &log.timestamp}) {
    Reorder(order, *column);
  }
  for (std::vector<int32_t>* column : {&log.item, &log.position, &log.policy, &log.features.block, &rows.session}) {
    Reorder(order, *column);
  }
  Reorder(order, log.clicked);
  Reorder(order, log.stream);
  Reorder(order, rows.step);
  Reorder(order, rows.line);
  Reorder(order, rows.end);
  const size_t fields = log.features.response_fields.size();
  std::vector<float> response(log.features.response.size());
  for (size_t i = 0; i < num_rows && fields > 0; ++i) {
    std::copy_n(log.features.response.begin() + static_cast<ptrdiff_t>(order[i] * fields), fields,
                response.begin() + static_cast<ptrdiff_t>(i * fields));
  }
  log.features.response = std::move(response);
  return true;
}

// What begins with row i > 0: nothing, another slate, or another session.
enum class Begins { kNothing, kSlate, kSession };
Begins WhatBegins(const LogRows& rows, size_t i, double gap_seconds) {
  if (rows.kind == SessionKind::kRows || rows.session[i] != rows.session[i - 1]) return Begins::kSession;
  const std::vector<int32_t>& position = rows.log.position;
  const bool next_position = rows.has_position && position[i] > position[i - 1];
  if (rows.kind == SessionKind::kFromGaps) {
    const double waited = rows.log.timestamp[i] - rows.log.timestamp[i - 1];
    if (waited > gap_seconds) return Begins::kSession;
    // Rows of a slate may be stamped one after the other; their positions rise. Without positions, a moment is a slate.
    return next_position || (!rows.has_position && waited == 0) ? Begins::kNothing : Begins::kSlate;
  }
  if (!rows.step.empty()) return rows.step[i] == rows.step[i - 1] ? Begins::kNothing : Begins::kSlate;
  return next_position ? Begins::kNothing : Begins::kSlate;
}

void Cut(LogRows& rows, double gap_seconds) {
  InteractionLog& log = rows.log;
  const auto num_rows = static_cast<int64_t>(log.num_rows());
  for (int64_t i = 0; i < num_rows; ++i) {
    const Begins begins = i == 0 ? Begins::kSession : WhatBegins(rows, static_cast<size_t>(i), gap_seconds);
    if (begins == Begins::kNothing) continue;
    if (i > 0) log.slate_begin.push_back(i);
    if (i > 0 && begins == Begins::kSession) {
      log.session_begin.push_back(static_cast<int64_t>(log.slate_begin.size()) - 1);
    }
    const auto since = static_cast<int64_t>(log.slate_begin.size()) - 1 - log.session_begin.back();
    log.step.push_back(rows.step.empty() ? since : rows.step[static_cast<size_t>(i)]);
  }
  log.slate_begin.push_back(num_rows);
  log.session_begin.push_back(static_cast<int64_t>(log.num_slates()));
}

class Checks {
 public:
  explicit Checks(const LogRows& rows) : rows_(rows), log_(rows.log) {}

  absl::Status CheckAll() const {
    for (size_t slate = 0; slate < log_.num_slates(); ++slate) RECBOTS_RETURN_IF_ERROR(CheckSlate(slate));
    return absl::OkStatus();
  }

 private:
  absl::Status Error(size_t row, absl::string_view what) const {
    return absl::InvalidArgumentError(absl::StrCat(rows_.name, ":", rows_.line[row], ": ", what));
  }

  absl::Status CheckSlate(size_t slate) const {
    const auto begin = static_cast<size_t>(log_.slate_begin[slate]);
    const auto end = static_cast<size_t>(log_.slate_begin[slate + 1]);
    for (size_t i = begin; i < end; ++i) {
      if (i > begin) RECBOTS_RETURN_IF_ERROR(CheckAgreement(begin, i));
      if (rows_.kind == SessionKind::kRows || !rows_.has_position || log_.item[i] == kNoItem) continue;
      const int32_t want = static_cast<int32_t>(i - begin);
      if (log_.position[i] == want) continue;
      if (i > begin && log_.position[i] == log_.position[i - 1]) {
        return Error(i, absl::StrCat("position ", log_.position[i], " of this slate is there already, in line ",
                                     rows_.line[i - 1], ": is the row there twice?"));
      }
      return Error(i, absl::StrCat("position ", log_.position[i], " (counted from 0) follows ", want,
                                   " others of its slate, want ", want,
                                   ": slates must be whole; --position_base=N says what the first position is called"));
    }
    return absl::OkStatus();
  }

  // Rows of a slate say the same of it.
  absl::Status CheckAgreement(size_t first, size_t row) const {
    const auto agree = [&](const std::vector<double>& column, const char* what) -> absl::Status {
      if (column.empty() || column[first] == column[row] || (std::isnan(column[first]) && std::isnan(column[row]))) {
        return absl::OkStatus();
      }
      return Error(row, absl::StrCat(what, " ", column[row], ", but ", column[first], " in line ", rows_.line[first],
                                     " of the same slate"));
    };
    RECBOTS_RETURN_IF_ERROR(agree(log_.slate_propensity, "slate_propensity"));
    RECBOTS_RETURN_IF_ERROR(agree(log_.evaluation_slate, "evaluation_slate"));
    if (log_.reward_of_slates) RECBOTS_RETURN_IF_ERROR(agree(log_.reward, "reward"));
    if (!rows_.end.empty() && rows_.end[row] != rows_.end[first]) {
      return Error(
          row, absl::StrCat("terminated or truncated is not that of line ", rows_.line[first], " of the same slate"));
    }
    return absl::OkStatus();
  }

  const LogRows& rows_;
  const InteractionLog& log_;
};

// Sets how sessions ended; checks that nothing follows an end.
absl::Status SetEnds(LogRows& rows, double gap_seconds) {
  InteractionLog& log = rows.log;
  log.session_end.assign(log.num_sessions(), SessionEnd::kUnknown);
  const double last_moment = log.timestamp.empty() ? 0 : *std::max_element(log.timestamp.begin(), log.timestamp.end());
  int64_t open = 0;
  for (size_t session = 0; session < log.num_sessions(); ++session) {
    const auto last_slate = static_cast<size_t>(log.session_begin[session + 1]) - 1;
    const auto last_row = static_cast<size_t>(log.slate_begin[last_slate + 1]) - 1;
    if (rows.kind == SessionKind::kFromGaps) {
      const bool cut = last_moment - log.timestamp[last_row] <= gap_seconds;
      open += cut;
      log.session_end[session] = cut ? SessionEnd::kCut : SessionEnd::kLeft;
      continue;
    }
    if (rows.end.empty()) continue;
    const auto first_row = static_cast<size_t>(log.slate_begin[static_cast<size_t>(log.session_begin[session])]);
    for (auto row = first_row; row < static_cast<size_t>(log.slate_begin[last_slate]); ++row) {
      if (rows.end[row] == 0) continue;
      return absl::InvalidArgumentError(absl::StrCat(rows.name, ":", rows.line[row],
                                                     ": this step ended its session, but line ", rows.line[last_row],
                                                     " is a later step of it"));
    }
    log.session_end[session] = static_cast<SessionEnd>(rows.end[last_row]);
  }
  if (rows.kind == SessionKind::kFromGaps) {
    log.notes.push_back(absl::StrCat(FormatCount(static_cast<double>(log.num_sessions())), " sessions from gaps of ",
                                     absl::FormatDuration(absl::Seconds(gap_seconds)), ", ", open,
                                     " open at the end of the log."));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<InteractionLog> OrderRows(LogRows rows, absl::Duration session_gap) {
  const double gap_seconds = absl::ToDoubleSeconds(session_gap);
  const bool was_unordered = Sort(rows);
  Cut(rows, gap_seconds);
  RECBOTS_RETURN_IF_ERROR(Checks(rows).CheckAll());
  RECBOTS_RETURN_IF_ERROR(SetEnds(rows, gap_seconds));
  InteractionLog& log = rows.log;
  if (was_unordered) log.notes.emplace_back("The rows were not in order; they were sorted.");
  log.single_decisions = rows.kind == SessionKind::kRows;
  if (log.single_decisions && log.num_rows() > 1) {
    log.notes.emplace_back("No column session: each row is a decision of its own.");
  }
  if (!rows.has_position) {
    for (size_t slate = 0; slate < log.num_slates(); ++slate) {
      for (int64_t row = log.slate_begin[slate]; row < log.slate_begin[slate + 1]; ++row) {
        log.position[static_cast<size_t>(row)] = static_cast<int32_t>(row - log.slate_begin[slate]);
      }
    }
  }
  return std::move(rows.log);
}

}  // namespace recbots
