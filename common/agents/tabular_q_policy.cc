#include "common/agents/tabular_q_policy.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"
#include "common/base/check_range.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"

namespace recbots {
namespace {

absl::Status ValidateBounds(const std::vector<double>& bounds) {
  if (bounds.size() != 2) {
    return absl::InvalidArgumentError(absl::StrCat("discretization_bounds of length ", bounds.size(), ", want 2"));
  }
  if (bounds[0] < bounds[1]) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("discretization_bounds[1] ", bounds[1], ", want > discretization_bounds[0], ", bounds[0]));
}

absl::Status Validate(const TabularQOptions& options) {
  RECBOTS_RETURN_IF_ERROR(CheckSettings(options));
  return ValidateBounds(options.discretization_bounds);
}

absl::Status ValidateNumSlates(const EnvironmentSpec& spec, bool ordinal) {
  double count = 1;
  for (int k = 0; k < spec.slate_size; ++k) count *= (spec.num_candidates - k) / (ordinal ? 1.0 : k + 1.0);
  if (count < TabularQPolicy::kMaxSlates + 0.5) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("num_candidates ", spec.num_candidates, " and slate_size ",
                                                 spec.slate_size, " make ", count, " slates per state, want at most ",
                                                 TabularQPolicy::kMaxSlates));
}

// All slates of K of N items in lexicographic order, [S, K]. If `ordinal` these are permutations, otherwise
// combinations in ascending order.
std::vector<int32_t> AllSlates(int num_items, size_t slate_size, bool ordinal) {
  std::vector<int32_t> slates, slate;
  const auto extend = [&](const auto& self) -> void {
    if (slate.size() == slate_size) {
      slates.insert(slates.end(), slate.begin(), slate.end());
      return;
    }
    for (int32_t item = ordinal || slate.empty() ? 0 : slate.back() + 1; item < num_items; ++item) {
      if (ordinal && std::find(slate.begin(), slate.end(), item) != slate.end()) continue;
      slate.push_back(item);
      self(self);
      slate.pop_back();
    }
  };
  extend(extend);
  return slates;
}

bool IsDiscrete(const std::string& response_field) {
  return response_field == "click" || response_field == "liked" || response_field == "cluster_id";
}

}  // namespace

absl::StatusOr<std::unique_ptr<TabularQPolicy>> TabularQPolicy::Create(const EnvironmentSpec& spec,
                                                                       const TabularQOptions& options, uint64_t seed) {
  RECBOTS_RETURN_IF_ERROR(Validate(options));
  RECBOTS_RETURN_IF_ERROR(CheckRange("slate_size", spec.slate_size, 1, spec.num_candidates));
  RECBOTS_RETURN_IF_ERROR(ValidateNumSlates(spec, options.ordinal_slates));
  return std::unique_ptr<TabularQPolicy>(new TabularQPolicy(spec, options, seed));
}

TabularQPolicy::TabularQPolicy(const EnvironmentSpec& spec, const TabularQOptions& options, uint64_t seed)
    : spec_(spec),
      options_(options),
      seed_(seed),
      num_items_(static_cast<size_t>(spec.num_candidates)),
      slate_size_(static_cast<size_t>(spec.slate_size)),
      digitizer_(options.discretization_bounds[0], options.discretization_bounds[1], options.number_bins),
      slates_(AllSlates(spec.num_candidates, slate_size_, options.ordinal_slates)),
      uniform_share_(num_items_ * slate_size_),
      epsilon_(options.exploration_temperature) {
  for (const std::string& field : spec.response_fields) discrete_fields_.push_back(IsDiscrete(field));
  std::vector<int> count(uniform_share_.size());
  for (size_t i = 0; i < slates_.size(); ++i) {
    ++count[static_cast<size_t>(slates_[i]) * slate_size_ + i % slate_size_];
  }
  for (size_t i = 0; i < count.size(); ++i) {
    uniform_share_[i] = static_cast<float>(count[i] / static_cast<double>(num_slates()));
  }
}

uint64_t TabularQPolicy::Code(float value, bool discrete) const {
  return static_cast<uint64_t>(discrete ? std::lround(value) : digitizer_.Index(value));
}

QKey TabularQPolicy::ResponseKey(absl::Span<const float> response) const {
  QKey key;
  if (options_.ignore_response) return key;
  for (size_t i = 0; i < response.size(); ++i)
    key = key.Then(Code(response[i], discrete_fields_[i % discrete_fields_.size()]));
  return key;
}

void TabularQPolicy::Describe(absl::Span<const float> observation, absl::Span<const float> candidates,
                              QKey last_response, State& state) const {
  state.key = last_response;
  for (const float value : observation) state.key = state.key.Then(Code(value, /*discrete=*/false));
  state.items.assign(num_items_, QKey());
  const size_t num_features = candidates.size() / num_items_;
  for (size_t item = 0; item < num_items_; ++item) {
    QKey& key = state.items[item];
    if (num_features == 0) key = key.Then(item);
    for (size_t i = 0; i < num_features; ++i) {
      key = key.Then(Code(candidates[item * num_features + i], i < static_cast<size_t>(spec_.num_clusters)));
    }
  }
}

QKey TabularQPolicy::PairKey(const State& state, const int32_t* slate) const {
  QKey ordered = state.key;
  QKey together{0, 0};
  for (size_t k = 0; k < slate_size_ && slate[k] != kNoItem; ++k) {
    const QKey& item = state.items[static_cast<size_t>(slate[k])];
    if (options_.ordinal_slates) {
      ordered = ordered.Then(item);
    } else {
      together = together.And(item);
    }
  }
  return options_.ordinal_slates ? ordered : state.key.Then(together);
}

TabularQPolicy::Best TabularQPolicy::FindBest(const State& state) const {
  Best best{0, -std::numeric_limits<double>::infinity()};
  for (size_t slate = 0; slate < num_slates(); ++slate) {
    const double value = table_.Find(PairKey(state, &slates_[slate * slate_size_])).value;
    if (value > best.value) best = {slate, value};
  }
  return best;
}

size_t TabularQPolicy::LeastVisited(const State& state) const {
  size_t least = 0;
  int64_t fewest = std::numeric_limits<int64_t>::max();
  for (size_t slate = 0; slate < num_slates() && fewest > 0; ++slate) {
    const int64_t visits = table_.Find(PairKey(state, &slates_[slate * slate_size_])).visits;
    if (visits < fewest) {
      fewest = visits;
      least = slate;
    }
  }
  return least;
}

void TabularQPolicy::Act(const PolicyInput& input, const PolicyOutput& output) {
  const size_t num_users = input.positions.size();
  const auto num_features = static_cast<size_t>(spec_.num_user_features);
  const size_t row = num_items_ * static_cast<size_t>(spec_.num_candidate_features);
  RECBOTS_CHECK(input.observation.size() == num_users * num_features && input.candidates.size() == num_users * row)
      << "observation " << input.observation.size() << ", candidates " << input.candidates.size() << ", users "
      << num_users;
  states_.resize(num_users);
  last_response_.resize(num_users);
  for (size_t user = 0; user < num_users; ++user) {
    if (input.positions[user].step == 0) last_response_[user] = QKey();
    Describe(input.observation.subspan(user * num_features, num_features), input.candidates.subspan(user * row, row),
             last_response_[user], states_[user]);
    absl::Span<float> marginals;
    if (!output.position_probability.empty()) {
      marginals = output.position_probability.subspan(user * slate_size_, slate_size_);
    }
    output.behaviour_probability[user] =
        Show(states_[user], input.positions[user], output.slates.subspan(user * slate_size_, slate_size_), marginals);
  }
}

float TabularQPolicy::Show(const State& state, StreamPosition position, absl::Span<int32_t> slate,
                           absl::Span<float> marginals) const {
  const bool min_count = options_.exploration == TabularExploration::kMinCount && !options_.eval_mode;
  const double epsilon = min_count || options_.eval_mode ? 0 : epsilon_;
  const size_t preferred = min_count ? LeastVisited(state) : FindBest(state).slate;
  size_t chosen = preferred;
  Rng draws(seed_, Purpose::kPolicy, position);
  if (epsilon > 0 && draws.Uniform() < epsilon) chosen = draws.Index(static_cast<uint32_t>(num_slates()));
  std::copy_n(&slates_[chosen * slate_size_], slate_size_, slate.begin());
  for (size_t k = 0; k < marginals.size(); ++k) {
    const double uniform = uniform_share_[static_cast<size_t>(slate[k]) * slate_size_ + k];
    const bool same = slate[k] == slates_[preferred * slate_size_ + k];
    marginals[k] = static_cast<float>(epsilon * uniform + (same ? 1 - epsilon : 0));
  }
  const double uniform = 1 / static_cast<double>(num_slates());
  return static_cast<float>(epsilon * uniform + (chosen == preferred ? 1 - epsilon : 0));
}

void TabularQPolicy::Observe(const PolicyFeedback& feedback) {
  const size_t row = slate_size_ * discrete_fields_.size();
  RECBOTS_CHECK(feedback.reward.size() == states_.size() && feedback.response.size() == states_.size() * row)
      << "reward " << feedback.reward.size() << ", response " << feedback.response.size() << ", users of the last Act "
      << states_.size();
  for (size_t user = 0; user < states_.size(); ++user) {
    if (!feedback.active.empty() && feedback.active[user] == 0) continue;
    last_response_[user] = ResponseKey(feedback.response.subspan(user * row, row));
    if (!options_.eval_mode) Learn(user, feedback);
  }
}

void TabularQPolicy::Learn(size_t user, const PolicyFeedback& feedback) {
  double target = feedback.reward[user];
  if (feedback.terminated[user] == 0) {
    const size_t num_features = feedback.next_observation.size() / states_.size();
    const size_t row = feedback.next_candidates.size() / states_.size();
    RECBOTS_CHECK(num_features == static_cast<size_t>(spec_.num_user_features) &&
                  row == num_items_ * static_cast<size_t>(spec_.num_candidate_features))
        << "next_observation " << feedback.next_observation.size() << ", next_candidates "
        << feedback.next_candidates.size() << ", users " << states_.size();
    Describe(feedback.next_observation.subspan(user * num_features, num_features),
             feedback.next_candidates.subspan(user * row, row), last_response_[user], next_);
    target += options_.gamma * FindBest(next_).value;
  }
  table_.Update(PairKey(states_[user], &feedback.slates[user * slate_size_]), target, options_.learning_rate,
                options_.learning_rate_exponent);
  if (feedback.terminated[user] != 0 || feedback.truncated[user] != 0) epsilon_ *= options_.exploration_temperature;
}

QEntry TabularQPolicy::Find(absl::Span<const float> observation, absl::Span<const float> candidates,
                            absl::Span<const float> response, absl::Span<const int32_t> slate) const {
  State state;
  Describe(observation, candidates, ResponseKey(response), state);
  return table_.Find(PairKey(state, slate.data()));
}

}  // namespace recbots
