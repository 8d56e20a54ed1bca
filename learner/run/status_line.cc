#include "learner/run/status_line.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/format_count.h"
#include "learner/run/result_text.h"

namespace recbots {

std::string FormatStatusLine(const StatusLine& line) {
  const auto seconds = static_cast<int64_t>(line.counters.wall_seconds);
  std::string text = absl::StrFormat("[%02d:%02d:%02d]", seconds / 3600, seconds / 60 % 60, seconds % 60);
  absl::StrAppendFormat(&text, " upd %s (%s/s, %s)", FormatCount(static_cast<double>(line.counters.updates)),
                        FormatCount(line.updates_per_second), line.device);
  if (line.num_learners > 1) {
    absl::StrAppendFormat(&text, " | %d learners, %s rows/s", line.num_learners, FormatCount(line.rows_per_second));
  }
  absl::StrAppendFormat(&text, " | env %s (%s/s, %d actor%s)",
                        FormatCount(static_cast<double>(line.counters.env_steps)),
                        FormatCount(line.env_steps_per_second), line.num_actors, line.num_actors == 1 ? "" : "s");
  absl::StrAppendFormat(&text, " | lag p50/p99 %.0f/%.0f upd", line.lag_p50_updates, line.lag_p99_updates);
  absl::StrAppendFormat(&text, " | spi %.1f", line.samples_per_insert);
  if (line.samples_per_insert_target > 0) absl::StrAppendFormat(&text, "/%g", line.samples_per_insert_target);
  if (line.importance_exponent.has_value()) absl::StrAppendFormat(&text, " | beta %.2f", *line.importance_exponent);
  absl::StrAppend(&text, " | ", line.evaluation.has_value() ? ShortResult(*line.evaluation) : "value not known yet",
                  " | bound by: ", line.bound_by);
  if (!line.stalled.empty()) absl::StrAppend(&text, " | stalled: ", line.stalled);
  return text;
}

}  // namespace recbots
