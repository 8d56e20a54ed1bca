#include "actor/recsim/check_step.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "common/base/status_macros.h"

namespace recbots {
namespace {

absl::Status CheckLength(absl::string_view name, size_t length, size_t want) {
  if (length == want) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("step: ", name, " has ", length, " elements, want ", want));
}

absl::Status CheckOptional(absl::string_view name, size_t length, size_t want) {
  return length == 0 ? absl::OkStatus() : CheckLength(name, length, want);
}

// Is this slate as the spec wants it? Only comparisons that vectorise or predict well.
inline bool IsGood(const int32_t* slate, uint32_t size, uint32_t min_size, uint32_t num_candidates) {
  uint32_t bad = 0;
  uint32_t items = 0;
  for (uint32_t k = 0; k < size; ++k) {
    const bool item = static_cast<uint32_t>(slate[k]) < num_candidates;
    bad |= static_cast<uint32_t>(!item & (slate[k] != kNoItem));
    bad |= static_cast<uint32_t>(item & (items != k));  // Behind a gap.
    items += item ? 1U : 0U;
    for (uint32_t j = 0; j < k; ++j) bad |= static_cast<uint32_t>(item & (slate[j] == slate[k]));
  }
  return (bad | static_cast<uint32_t>(items < min_size)) == 0;
}

absl::Status Refusal(const EnvironmentSpec& spec, size_t user, const int32_t* slate) {
  const auto refuse = [user](const auto&... words) {
    return absl::InvalidArgumentError(absl::StrCat("step: slate of user ", user, " ", words...));
  };
  int items = 0;
  for (int k = 0; k < spec.slate_size; ++k) {
    const int32_t position = slate[k];
    const bool may_end = spec.min_slate_size < spec.slate_size;
    if (position == kNoItem && may_end) continue;
    if (position < 0 || position >= spec.num_candidates) {
      return refuse("names position ", position, ", want 0..", spec.num_candidates - 1);
    }
    if (items != k) return refuse("names position ", position, " behind its end (", kNoItem, ")");
    if (std::find(slate, slate + k, position) != slate + k) {
      return refuse("names position ", position, " twice, want ", spec.slate_size, " different ones");
    }
    ++items;
  }
  return refuse("has ", items, " items, want ", spec.min_slate_size, "..", spec.slate_size);
}

}  // namespace

absl::Status CheckColumns(const EnvironmentSpec& spec, size_t num_users, const StepColumns& out) {
  const size_t features = num_users * static_cast<size_t>(spec.num_user_features);
  const size_t candidates =
      num_users * static_cast<size_t>(spec.num_candidates) * static_cast<size_t>(spec.num_candidate_features);
  const size_t fields = static_cast<size_t>(spec.slate_size) * spec.response_fields.size();
  RECBOTS_RETURN_IF_ERROR(CheckLength("response", out.response.size(), num_users * fields));
  RECBOTS_RETURN_IF_ERROR(CheckLength("reward", out.reward.size(), num_users));
  RECBOTS_RETURN_IF_ERROR(CheckLength("terminated", out.terminated.size(), num_users));
  RECBOTS_RETURN_IF_ERROR(CheckLength("truncated", out.truncated.size(), num_users));
  RECBOTS_RETURN_IF_ERROR(CheckOptional("next_observation", out.next_observation.size(), features));
  RECBOTS_RETURN_IF_ERROR(CheckLength("observation", out.observation.size(), features));
  RECBOTS_RETURN_IF_ERROR(CheckOptional("next_candidates", out.next_candidates.size(), candidates));
  RECBOTS_RETURN_IF_ERROR(CheckLength("candidates", out.candidates.size(), candidates));
  return spec.users_per_session > 1 ? CheckLength("active", out.active.size(), num_users)
                                    : CheckOptional("active", out.active.size(), num_users);
}

absl::Status CheckReset(const EnvironmentSpec& spec, size_t num_users, size_t observation, size_t candidates) {
  const size_t features = num_users * static_cast<size_t>(spec.num_user_features);
  const size_t offered =
      num_users * static_cast<size_t>(spec.num_candidates) * static_cast<size_t>(spec.num_candidate_features);
  if (observation == features && candidates == offered) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("reset: observation has ", observation, " elements and candidates ",
                                                 candidates, ", want ", features, " and ", offered));
}

absl::Status CheckSlates(const EnvironmentSpec& spec, size_t num_users, absl::Span<const int32_t> slates) {
  const auto size = static_cast<uint32_t>(spec.slate_size);
  RECBOTS_RETURN_IF_ERROR(CheckLength("slates", slates.size(), num_users * size));
  const auto num_candidates = static_cast<uint32_t>(spec.num_candidates);
  if (size == 1 && spec.min_slate_size == 1) {  // The whole batch at vector speed.
    uint32_t bad = 0;
    for (const int32_t position : slates) bad |= static_cast<uint32_t>(position) >= num_candidates ? 1U : 0U;
    if (bad == 0) return absl::OkStatus();
  }
  const auto min_size = static_cast<uint32_t>(spec.min_slate_size);
  for (size_t user = 0; user < num_users; ++user) {
    const int32_t* slate = slates.data() + user * size;
    if (!IsGood(slate, size, min_size, num_candidates)) return Refusal(spec, user, slate);
  }
  return absl::OkStatus();
}

absl::Status CheckMask(const EnvironmentSpec& spec, size_t num_users, absl::string_view name,
                       absl::Span<const uint8_t> mask) {
  RECBOTS_RETURN_IF_ERROR(CheckLength(name, mask.size(), num_users));
  const auto session = static_cast<size_t>(spec.users_per_session);
  if (session == 1) return absl::OkStatus();
  for (size_t user = 0; user < num_users; ++user) {
    const size_t first = user / session * session;
    if ((mask[user] != 0) == (mask[first] != 0)) continue;
    return absl::InvalidArgumentError(absl::StrCat(name, " is ", mask[user] != 0 ? 1 : 0, " for user ", user, " and ",
                                                   mask[first] != 0 ? 1 : 0, " for user ", first,
                                                   ", want the same for all ", session, " users of a session"));
  }
  return absl::OkStatus();
}

}  // namespace recbots
