#include "common/agents/click_bandit.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "common/policies/policy_seed.h"

namespace recbots {

absl::StatusOr<std::unique_ptr<AbstractClickBandit>> AbstractClickBandit::Create(
    const ClickBanditOptions& options, uint64_t seed, const EnvironmentSpec& spec,
    std::vector<std::unique_ptr<Policy>> arms) {
  if (arms.size() < 2) return absl::InvalidArgumentError(absl::StrCat("arms ", arms.size(), ", want at least 2"));
  RECBOTS_ASSIGN_OR_RETURN(auto bandit, MakeBandit(options.bandit));
  return absl::WrapUnique(new AbstractClickBandit(options, seed, spec, std::move(bandit), std::move(arms)));
}

AbstractClickBandit::AbstractClickBandit(const ClickBanditOptions& options, uint64_t seed, const EnvironmentSpec& spec,
                                         std::unique_ptr<Bandit> bandit, std::vector<std::unique_ptr<Policy>> arms)
    : options_(options),
      seed_(PartSeed(seed, PolicyPart::kClickBandit)),
      slate_size_(static_cast<size_t>(spec.slate_size)),
      bandit_(std::move(bandit)),
      arms_(std::move(arms)),
      builder_(static_cast<int>(arms_.size()), spec.num_candidates, spec.slate_size, spec.min_slate_size),
      pulls_(arms_.size()),
      clicks_(arms_.size()),
      keys_(arms_.size()) {}

bool AbstractClickBandit::learns() const {
  return std::any_of(arms_.begin(), arms_.end(), [](const auto& arm) { return arm->learns(); });
}

FeedbackNeeds AbstractClickBandit::feedback_needs() const {
  FeedbackNeeds needs = FeedbackNeeds::None();
  for (const auto& arm : arms_) needs = needs | arm->feedback_needs();
  return needs;
}

void AbstractClickBandit::Observe(const PolicyFeedback& feedback) {
  for (const auto& arm : arms_) arm->Observe(feedback);
}

void AbstractClickBandit::Act(const PolicyInput& input, const PolicyOutput& output) {
  const size_t num_users = input.positions.size(), num_arms = arms_.size();
  const size_t width = num_users == 0 ? 0 : input.observation.size() / num_users;
  RECBOTS_CHECK(input.observation.size() == num_users * width && (num_users == 0 || width >= 2 * num_arms) &&
                output.slates.size() == num_users * slate_size_)
      << "observation " << input.observation.size() << ", users " << num_users << ", arms " << num_arms << ", slates "
      << output.slates.size();
  AskArms(input);
  for (size_t user = 0; user < num_users; ++user) {
    Rng draws(seed_, Purpose::kPolicy, input.positions[user]);
    ArmTies ties = options_.ties;
    bool chance = false;
    if (options_.legacy_first_step && input.positions[user].step == 0) {
      ties = ArmTies::kLowerArm;
      std::fill(keys_.begin(), keys_.end(), 0.0);
    } else {
      chance = ScoreArms(input.observation.subspan((user + 1) * width - 2 * num_arms, 2 * num_arms), draws);
    }
    absl::Span<float> positions;
    if (!output.position_probability.empty()) {
      positions = output.position_probability.subspan(user * slate_size_, slate_size_);
    }
    const absl::Span<int32_t> slate = output.slates.subspan(user * slate_size_, slate_size_);
    const double probability =
        builder_.Build(keys_, {.first = lists_.data() + user * slate_size_, .stride = num_users * slate_size_}, ties,
                       draws, slate, positions);
    const bool known = !chance && certain_[user] != 0;
    constexpr float kUnknown = std::numeric_limits<float>::quiet_NaN();
    output.behaviour_probability[user] = known ? static_cast<float>(probability) : kUnknown;
    for (size_t k = 0; !known && k < positions.size() && slate[k] != kNoItem; ++k) positions[k] = kUnknown;
  }
}

void AbstractClickBandit::AskArms(const PolicyInput& input) {
  const size_t num_users = input.positions.size(), list_size = num_users * slate_size_;
  lists_.resize(arms_.size() * list_size);
  arm_probability_.resize(num_users);
  certain_.assign(num_users, 1);
  for (size_t arm = 0; arm < arms_.size(); ++arm) {
    arms_[arm]->Act(input, {.slates = absl::MakeSpan(lists_).subspan(arm * list_size, list_size),
                            .behaviour_probability = absl::MakeSpan(arm_probability_)});
    for (size_t user = 0; user < num_users; ++user) {
      if (arm_probability_[user] != 1.0f) certain_[user] = 0;
    }
  }
}

bool AbstractClickBandit::ScoreArms(absl::Span<const float> counts, Rng& draws) {
  double total = 0, fewest = std::numeric_limits<double>::infinity();
  for (size_t arm = 0; arm < arms_.size(); ++arm) {
    pulls_[arm] = static_cast<double>(counts[arm]);
    clicks_[arm] = static_cast<double>(counts[arms_.size() + arm]);
    total += pulls_[arm];
    fewest = std::min(fewest, pulls_[arm]);
  }
  if (fewest == 0) {
    for (size_t arm = 0; arm < arms_.size(); ++arm) keys_[arm] = -pulls_[arm];
    return false;
  }
  bandit_->Indices(pulls_, clicks_, total, draws, absl::MakeSpan(keys_));
  return options_.bandit.kind == BanditKind::kThompson;
}

}  // namespace recbots
