#include "actor/recsim/history.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/agents/layers/slate_traces.h"
#include "common/base/status_macros.h"

namespace recbots {
namespace {

// What an entry may hold is off, or empty in this environment.
absl::Status RemembersNothing(const HistoryOptions& options, const EnvironmentSpec& spec) {
  const auto part = [](bool on, int64_t numbers) { return on ? absl::StrCat("of ", numbers, " numbers") : "off"; };
  const int64_t candidates = int64_t{spec.num_candidates} * spec.num_candidate_features;
  const int64_t response = spec.slate_size * static_cast<int64_t>(spec.response_fields.size());
  return absl::InvalidArgumentError(
      absl::StrCat("length ", options.length, ", want 0 where ", spec.name, " has nothing to remember: remember_user ",
                   part(options.remember_user, spec.num_user_features), ", remember_response ",
                   part(options.remember_response, response), ", remember_candidates ",
                   part(options.remember_candidates, candidates)));
}

// `numbers` are those of one part of the history, on top of `features`.
absl::Status CheckFeatures(absl::string_view what, int64_t numbers, int64_t& features) {
  features += numbers;
  if (features <= HistoryOptions::kMaxFeatures) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(what, " makes ", features, " user features, want at most ", HistoryOptions::kMaxFeatures));
}

}  // namespace

absl::StatusOr<History> MakeHistory(const HistoryOptions& options, const EnvironmentSpec& spec) {
  RECBOTS_RETURN_IF_ERROR(CheckSettings(options));
  History history;
  int64_t features = spec.num_user_features;
  if (options.length > 0) {
    auto entries = FixedLengthHistory::Create({.history_length = options.length,
                                               .remember_user = options.remember_user,
                                               .remember_response = options.remember_response,
                                               .remember_candidates = options.remember_candidates},
                                              spec);
    if (!entries.ok()) return RemembersNothing(options, spec);
    RECBOTS_RETURN_IF_ERROR(CheckFeatures(absl::StrCat("length ", options.length),
                                          int64_t{options.length} * ((*entries)->entry_width() + 1), features));
    history.parts.push_back(*std::move(entries));
    history.shows_candidates = options.remember_candidates;
  }
  if (!options.trace_decay.empty()) {
    auto traces = SlateTraces::Create({.trace_decay = options.trace_decay, .trace_scale = options.trace_scale}, spec);
    if (!traces.ok()) return traces.status();
    RECBOTS_RETURN_IF_ERROR(CheckFeatures(absl::StrCat("trace_decay of ", options.trace_decay.size(), " numbers"),
                                          int64_t{(*traces)->num_decays()} * (*traces)->trace_width(), features));
    history.parts.push_back(*std::move(traces));
  }
  if (options.clock > 0) {
    RECBOTS_RETURN_IF_ERROR(CheckFeatures(absl::StrCat("clock ", options.clock), options.clock, features));
    history.parts.push_back(std::make_unique<EpisodeClock>(options.clock));
  }
  return history;
}

EnvironmentSpec SpecWithHistory(const EnvironmentSpec& spec, const History& history) {
  EnvironmentSpec with = spec;
  for (const auto& statistics : history.parts) with.num_history_features += statistics->width();
  with.num_user_features += with.num_history_features;
  return with;
}

}  // namespace recbots
