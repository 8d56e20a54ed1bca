#include "actor/scenarios/external/check_columns.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"

namespace recbots {
namespace {

template <typename... Parts>
absl::Status Refuse(const Parts&... parts) {
  return absl::DataLossError(absl::StrCat(parts...));
}

absl::Status CheckLength(const char* column, size_t has, size_t want) {
  if (has == want) return absl::OkStatus();
  return Refuse(column, " has ", has, " values, want ", want);
}

// Whether all numbers are finite, without a branch for each of them.
bool AllFinite(const float* values, size_t n) {
  uint32_t most = 0;
  for (size_t i = 0; i < n; ++i) {
    uint32_t bits = 0;
    std::memcpy(&bits, values + i, sizeof(bits));
    most = std::max(most, bits & 0x7fffffffu);
  }
  return most < 0x7f800000u;
}

absl::Status CheckFinite(const char* column, absl::Span<const float> values, size_t width) {
  if (AllFinite(values.data(), values.size())) return absl::OkStatus();
  for (size_t i = 0; i < values.size(); ++i) {
    if (AllFinite(&values[i], 1)) continue;
    return Refuse(column, " of row ", i / width, ", value ", i % width, " is ", values[i], ", want a finite number");
  }
  return absl::OkStatus();
}

// Copies a column of `width` numbers a row and checks the copy.
absl::Status Take(const char* column, absl::Span<const float> from, absl::Span<float> to, size_t width) {
  std::memcpy(to.data(), from.data(), to.size() * sizeof(float));
  return CheckFinite(column, to, width);
}

}  // namespace

absl::Status ColumnChecker::TakeStart(const ProgramColumns& columns, absl::Span<float> observation,
                                      absl::Span<float> candidates) {
  RECBOTS_RETURN_IF_ERROR(CheckLength("observation", columns.observation.size(), observation.size()));
  RECBOTS_RETURN_IF_ERROR(CheckLength("candidates", columns.candidates.size(), candidates.size()));
  std::fill(steps_.begin(), steps_.end(), 0);
  RECBOTS_RETURN_IF_ERROR(
      Take("observation", columns.observation, observation, static_cast<size_t>(spec_.num_user_features)));
  return Take("candidates", columns.candidates, candidates,
              static_cast<size_t>(spec_.num_candidates * spec_.num_candidate_features));
}

absl::Status ColumnChecker::CheckLengths(const ProgramColumns& columns) const {
  const auto slate = num_users_ * static_cast<size_t>(spec_.slate_size);
  const auto numbers = num_users_ * static_cast<size_t>(spec_.num_candidates * spec_.num_candidate_features);
  RECBOTS_RETURN_IF_ERROR(CheckLength("response", columns.response.size(), slate * spec_.response_fields.size()));
  RECBOTS_RETURN_IF_ERROR(CheckLength("reward", columns.reward.size(), num_users_));
  RECBOTS_RETURN_IF_ERROR(CheckLength("terminated", columns.terminated.size(), num_users_));
  RECBOTS_RETURN_IF_ERROR(CheckLength("truncated", columns.truncated.size(), num_users_));
  RECBOTS_RETURN_IF_ERROR(CheckLength("observation", columns.observation.size(),
                                      num_users_ * static_cast<size_t>(spec_.num_user_features)));
  return CheckLength("candidates", columns.candidates.size(), numbers);
}

absl::Status ColumnChecker::TakeEnds(const ProgramColumns& columns, const StepColumns& out) {
  std::copy_n(columns.terminated.data(), num_users_, out.terminated.data());
  std::copy_n(columns.truncated.data(), num_users_, out.truncated.data());
  ended_.clear();
  for (size_t i = 0; i < num_users_; ++i) {
    const int terminated = out.terminated[i];
    const int truncated = out.truncated[i];
    if (terminated > 1) return Refuse("terminated of row ", i, " is ", terminated, ", want 0 or 1");
    if (truncated > 1) return Refuse("truncated of row ", i, " is ", truncated, ", want 0 or 1");
    if ((terminated & truncated) != 0)
      return Refuse("terminated and truncated of row ", i, " are both 1, want at most one");
    ++steps_[i];
    if ((terminated | truncated) != 0) {
      ended_.push_back(static_cast<uint32_t>(i));
      steps_[i] = 0;
    } else if (spec_.max_episode_steps > 0 && steps_[i] >= spec_.max_episode_steps) {
      return Refuse("truncated of row ", i, " is 0 in step ", steps_[i],
                    " of the episode, want 1: max_episode_steps is ", spec_.max_episode_steps);
    }
  }
  return absl::OkStatus();
}

absl::Status ColumnChecker::CheckRewards(absl::Span<const float> reward) const {
  const auto least = static_cast<float>(spec_.min_reward);
  const auto most = static_cast<float>(spec_.max_reward);
  for (size_t i = 0; i < reward.size(); ++i) {
    if (reward[i] >= least && reward[i] <= most) continue;
    return Refuse("reward of row ", i, " is ", reward[i], ", want ", spec_.min_reward, "..", spec_.max_reward,
                  " (min_reward and max_reward of the spec)");
  }
  return absl::OkStatus();
}

// Rows that ended have what the step led to in columns of their own; in all others it is what the policy sees next.
absl::Status ColumnChecker::TakeNext(const ProgramColumns& columns, const StepColumns& out) const {
  const auto take = [this](const char* name, absl::Span<const float> ended, absl::Span<const float> now,
                           absl::Span<float> to, size_t width) -> absl::Status {
    if (to.empty() || width == 0) return absl::OkStatus();
    if (ended.size() < ended_.size() * width) {
      return Refuse(name, " has ", ended.size(), " values, want ", ended_.size() * width, " for ", ended_.size(),
                    " rows whose episode ended");
    }
    std::memcpy(to.data(), now.data(), to.size() * sizeof(float));
    for (size_t e = 0; e < ended_.size(); ++e) {
      float* const row = to.data() + ended_[e] * width;
      std::copy_n(ended.data() + e * width, width, row);
      if (AllFinite(row, width)) continue;
      const size_t bad =
          static_cast<size_t>(std::find_if(row, row + width, [](const float& v) { return !AllFinite(&v, 1); }) - row);
      return Refuse(name, " of row ", ended_[e], ", value ", bad, " is ", row[bad], ", want a finite number");
    }
    return absl::OkStatus();
  };
  RECBOTS_RETURN_IF_ERROR(take("next_observation", columns.next_observation, out.observation, out.next_observation,
                               static_cast<size_t>(spec_.num_user_features)));
  return take("next_candidates", columns.next_candidates, out.candidates, out.next_candidates,
              static_cast<size_t>(spec_.num_candidates * spec_.num_candidate_features));
}

absl::Status ColumnChecker::TakeStep(const ProgramColumns& columns, const StepColumns& out) {
  RECBOTS_RETURN_IF_ERROR(CheckLengths(columns));
  RECBOTS_RETURN_IF_ERROR(TakeEnds(columns, out));
  const auto width = static_cast<size_t>(spec_.slate_size) * spec_.response_fields.size();
  RECBOTS_RETURN_IF_ERROR(Take("response", columns.response, out.response, width));
  std::copy_n(columns.reward.data(), num_users_, out.reward.data());
  RECBOTS_RETURN_IF_ERROR(CheckRewards(out.reward));
  RECBOTS_RETURN_IF_ERROR(
      Take("observation", columns.observation, out.observation, static_cast<size_t>(spec_.num_user_features)));
  RECBOTS_RETURN_IF_ERROR(Take("candidates", columns.candidates, out.candidates,
                               static_cast<size_t>(spec_.num_candidates * spec_.num_candidate_features)));
  if (!out.active.empty()) std::fill(out.active.begin(), out.active.end(), uint8_t{1});
  return TakeNext(columns, out);
}

}  // namespace recbots
