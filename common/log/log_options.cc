#include "common/log/log_options.h"

#include <cmath>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/base/log.h"

namespace recbots {
namespace {

constexpr const char* kNames[] = {"session",
                                  "episode",
                                  "user",
                                  "step",
                                  "position",
                                  "item",
                                  "clicked",
                                  "timestamp",
                                  "slate_propensity",
                                  "item_propensity",
                                  "prefix_propensity",
                                  "policy",
                                  "reward",
                                  "terminated",
                                  "truncated",
                                  "evaluation_slate",
                                  "evaluation_item",
                                  "evaluation_prefix",
                                  "q_hat",
                                  "evaluation_q_hat"};
static_assert(std::size(kNames) == kNumLogColumns);

bool IsOurs(absl::string_view name) {
  for (const char* known : kNames) {
    if (name == known) return true;
  }
  return absl::StartsWith(name, "response.");
}

}  // namespace

const char* LogColumnName(LogColumn column) { return kNames[static_cast<size_t>(column)]; }

absl::Status AddFormat(absl::string_view format, LogOptions& options) {
  if (format == "recbots") return absl::OkStatus();
  if (format == "obd") {
    options.columns.insert(options.columns.end(),
                           {{"item", "item_id"}, {"clicked", "click"}, {"item_propensity", "propensity_score"}});
    options.position_base = 1;
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat("format '", format, "', want recbots or obd"));
}

absl::Status AddColumn(absl::string_view text, LogOptions& options) {
  const std::pair<absl::string_view, absl::string_view> names = absl::StrSplit(text, absl::MaxSplits('=', 1));
  if (names.first.empty() || names.second.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("column '", text, "', want OURS=THEIRS"));
  }
  if (!IsOurs(names.first)) {
    return absl::InvalidArgumentError(absl::StrCat("column '", text, "': '", names.first, "' is none of ours, want ",
                                                   absl::StrJoin(kNames, ", "), " or response.NAME"));
  }
  options.columns.emplace_back(std::string(names.first), std::string(names.second));
  return absl::OkStatus();
}

absl::StatusOr<std::vector<RewardTerm>> ParseReward(absl::string_view text) {
  std::vector<RewardTerm> terms;
  for (absl::string_view part : absl::StrSplit(text, '+')) {
    part = absl::StripAsciiWhitespace(part);
    RewardTerm term;
    const size_t star = part.find('*');
    absl::string_view name = part;
    if (star != absl::string_view::npos) {
      const absl::string_view number = absl::StripAsciiWhitespace(part.substr(0, star));
      if (!absl::SimpleAtod(number, &term.coefficient) || !std::isfinite(term.coefficient)) {
        return absl::InvalidArgumentError(
            absl::StrCat("reward '", text, "': '", number, "' is no number, want such as 1*click+0.01*response.watch"));
      }
      name = absl::StripAsciiWhitespace(part.substr(star + 1));
    }
    if (name.empty()) return absl::InvalidArgumentError(absl::StrCat("reward '", text, "': a column is missing"));
    term.column = std::string(name == "click" ? "clicked" : name);
    terms.push_back(std::move(term));
  }
  return terms;
}

}  // namespace recbots
