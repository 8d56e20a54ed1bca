#include "common/slate/slate_optimizer.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <limits>

#include "common/base/log.h"

namespace recbots {
namespace {

// Eight numbers at a time. The compiler splits the vectors if the machine has only narrower ones.
constexpr size_t kLanes = 8;
using Lanes = double __attribute__((vector_size(kLanes * sizeof(double))));
using Flags = int64_t __attribute__((vector_size(kLanes * sizeof(int64_t))));  // -1: true.

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// A ratio that is 0 if nothing has weight, because then "none" is certain.
double Ratio(double numerator, double denominator) { return denominator > 0 ? numerator / denominator : 0; }

template <typename Number>
double ValueOf(ClickRule click_rule, const BasicSlateProblem<Number>& problem, absl::Span<const int32_t> slate) {
  const double base = problem.no_click_value;
  const auto weight = [&](int32_t i) { return static_cast<double>(problem.weights[static_cast<size_t>(i)]); };
  const auto gain = [&](int32_t i) { return static_cast<double>(problem.values[static_cast<size_t>(i)]) - base; };
  if (click_rule == ClickRule::kShared) {
    double numerator = 0;
    double denominator = problem.no_click_weight;
    for (const int32_t i : slate) {
      numerator += weight(i) * gain(i);
      denominator += weight(i);
    }
    return base + Ratio(numerator, denominator);
  }
  double value = 0;  // Value of the positions behind the current one.
  for (size_t k = slate.size(); k-- > 0;) value += weight(slate[k]) * (gain(slate[k]) - value);
  return base + value;
}

}  // namespace

double SlateValue(ClickRule click_rule, const SlateProblem& problem, absl::Span<const int32_t> slate) {
  return ValueOf(click_rule, problem, slate);
}
double SlateValue(ClickRule click_rule, const SlateProblemF64& problem, absl::Span<const int32_t> slate) {
  return ValueOf(click_rule, problem, slate);
}

SlateOptimizer::SlateOptimizer(ClickRule click_rule, int num_candidates, int slate_size)
    : click_rule_(click_rule),
      num_candidates_(static_cast<size_t>(num_candidates)),
      slate_size_(static_cast<size_t>(slate_size)) {
  RECBOTS_CHECK(slate_size >= 1 && slate_size <= num_candidates)
      << "slate_size " << slate_size << ", want 1.." << num_candidates;
  weights_.resize(std::max(num_candidates_, kFewCandidates));
  gains_.resize(weights_.size());
  best_.resize(num_candidates_);
  if (click_rule != ClickRule::kCascade) return;
  items_.resize(slate_size_);
  values_.resize(slate_size_ + 1);
  reach_.resize(slate_size_ + 1);
  table_.resize((num_candidates_ + 1) * (slate_size_ + 1));
}

double SlateOptimizer::Select(SlateRule rule, const SlateProblem& problem, absl::Span<int32_t> slate) {
  return SelectFrom(rule, problem, slate);
}
double SlateOptimizer::Select(SlateRule rule, const SlateProblemF64& problem, absl::Span<int32_t> slate) {
  return SelectFrom(rule, problem, slate);
}

template <typename Number>
double SlateOptimizer::SelectFrom(SlateRule rule, const BasicSlateProblem<Number>& problem, absl::Span<int32_t> slate) {
  RECBOTS_CHECK(problem.weights.size() == num_candidates_ && problem.values.size() == num_candidates_ &&
                slate.size() == slate_size_)
      << problem.weights.size() << " weights, " << problem.values.size() << " values, " << slate.size()
      << " positions, want " << num_candidates_ << ", as many and " << slate_size_;
  for (size_t i = 0; i < num_candidates_; ++i) {
    weights_[i] = static_cast<double>(problem.weights[i]);
    gains_[i] = static_cast<double>(problem.values[i]) - problem.no_click_value;
  }
  const bool cascade = click_rule_ == ClickRule::kCascade;
  switch (rule) {
    case SlateRule::kTopK:
      FindBest(/*level=*/0, /*floor=*/-kInfinity);
      ShowBest(slate);
      break;
    case SlateRule::kGreedy:
      cascade ? SelectCascadeGreedy(slate) : SelectSharedGreedy(problem.no_click_weight, slate);
      break;
    case SlateRule::kOptimal:
      cascade ? SelectCascadeOptimal(slate) : SelectSharedOptimal(problem.no_click_weight, slate);
      break;
  }
  return ValueOf(click_rule_, problem, slate);
}

void SlateOptimizer::SelectBatch(SlateRule rule, const SlateBatch& batch, absl::Span<int32_t> slates,
                                 absl::Span<float> slate_values) {
  const size_t num_users = slates.size() / slate_size_;
  const auto is_column = [num_users](size_t size) { return size == 0 || size == num_users; };
  RECBOTS_CHECK(slates.size() == num_users * slate_size_ && batch.weights.size() == num_users * num_candidates_ &&
                batch.values.size() == batch.weights.size() && is_column(batch.no_click_weight.size()) &&
                is_column(batch.no_click_value.size()) && is_column(slate_values.size()))
      << batch.weights.size() << " weights, " << batch.values.size() << " values, " << batch.no_click_weight.size()
      << " and " << batch.no_click_value.size() << " of no click, " << slates.size() << " positions, "
      << slate_values.size() << " slate values";
  for (size_t user = 0; user < num_users; ++user) {
    SlateProblem problem{batch.weights.subspan(user * num_candidates_, num_candidates_),
                         batch.values.subspan(user * num_candidates_, num_candidates_)};
    if (!batch.no_click_weight.empty()) problem.no_click_weight = static_cast<double>(batch.no_click_weight[user]);
    if (!batch.no_click_value.empty()) problem.no_click_value = static_cast<double>(batch.no_click_value[user]);
    const double value = SelectFrom(rule, problem, slates.subspan(user * slate_size_, slate_size_));
    if (!slate_values.empty()) slate_values[user] = static_cast<float>(value);
  }
}

bool SlateOptimizer::SortFew(double level) {
  constexpr size_t kGroups = kFewCandidates / kLanes;
  Lanes keys[kGroups];
  for (size_t g = 0; g < kGroups; ++g) {
    Lanes weights, gains;
    std::memcpy(&weights, &weights_[g * kLanes], sizeof(weights));
    std::memcpy(&gains, &gains_[g * kLanes], sizeof(gains));
    keys[g] = weights * (gains - level);
  }
  double key[kFewCandidates];
  std::memcpy(key, keys, sizeof(key));
  Flags ranks[kGroups] = {};
  for (size_t i = 0; i < num_candidates_; ++i) {
    for (size_t g = 0; g < kGroups; ++g) ranks[g] -= keys[g] < key[i];
  }
  int64_t rank[kFewCandidates];
  std::memcpy(rank, ranks, sizeof(rank));
  int64_t sum = 0;
  for (size_t i = 0; i < num_candidates_; ++i) {
    sum += rank[i];
    best_[static_cast<size_t>(rank[i])] = {key[i], static_cast<int32_t>(i)};
  }
  // Each pair of different keys adds one to the sum; with equal keys the sum is smaller.
  return 2 * sum == static_cast<int64_t>(num_candidates_ * (num_candidates_ - 1));
}

void SlateOptimizer::FindBest(double level, double floor) {
  if (num_candidates_ <= kFewCandidates && SortFew(level)) return;
  // Inserts instead of using nth_element: this is several times faster for the few items of a slate, and after the
  // first pass `floor` excludes nearly all candidates.
  Ranked* const best = best_.data();
  const auto insert = [best](double key, size_t i, size_t at) {
    for (; at > 0 && key > best[at - 1].key; --at) best[at] = best[at - 1];
    best[at] = {key, static_cast<int32_t>(i)};
  };
  size_t i = 0;
  for (size_t size = 0; size < slate_size_; ++i) {
    const double key = weights_[i] * (gains_[i] - level);
    if (!(key < floor)) insert(key, i, size++);
  }
  for (; i < num_candidates_; ++i) {
    const double key = weights_[i] * (gains_[i] - level);
    if (key > best[slate_size_ - 1].key) insert(key, i, slate_size_ - 1);
  }
}

void SlateOptimizer::ShowBest(absl::Span<int32_t> slate) const {
  for (size_t k = 0; k < slate_size_; ++k) slate[k] = best_[k].position;
}

double SlateOptimizer::BestRatio(double no_click_weight) const {
  double numerator = 0;
  double denominator = no_click_weight;
  for (size_t k = 0; k < slate_size_; ++k) {
    const auto i = static_cast<size_t>(best_[k].position);
    numerator += weights_[i] * gains_[i];
    denominator += weights_[i];
  }
  return Ratio(numerator, denominator);
}

void SlateOptimizer::SelectSharedOptimal(double no_click_weight, absl::Span<int32_t> slate) {
  // With level v, the sum of w (gain - v) over the slate, less v w_none, is positive if and only if the slate is worth
  // more than v. The first level, 0, is not the value of a slate, so the second level may lie below it, if all slates
  // have a negative value. From then on the levels rise; each is the value of a slate, and there are finitely many
  // slates.
  //
  // For a slate without any weight (w_none = 0, too) the sum is 0 at every level. Such a slate is worth 0. It is
  // optimal only if no sum is positive at level 0, and then the first pass has found it or another slate of the same
  // value.
  FindBest(/*level=*/0, /*floor=*/-kInfinity);
  double level = BestRatio(no_click_weight);
  for (;;) {
    ShowBest(slate);
    double floor = kInfinity;
    for (size_t k = 0; k < slate_size_; ++k) {
      const auto i = static_cast<size_t>(best_[k].position);
      floor = std::min(floor, weights_[i] * (gains_[i] - level));
    }
    FindBest(level, floor);
    const double next = BestRatio(no_click_weight);
    if (!(next > level)) return;
    level = next;
  }
}

void SlateOptimizer::SelectSharedGreedy(double no_click_weight, absl::Span<int32_t> slate) {
  double numerator = 0;
  double denominator = no_click_weight;
  for (size_t size = 0; size < slate_size_; ++size) {
    size_t pick = num_candidates_;
    double best = -kInfinity;
    for (size_t i = 0; i < num_candidates_; ++i) {
      const double value = Ratio(numerator + weights_[i] * gains_[i], denominator + weights_[i]);
      if (value > best) {
        best = value;
        pick = i;
      }
    }
    if (pick == num_candidates_) pick = FirstLeft(slate.first(size));
    numerator += weights_[pick] * gains_[pick];
    denominator += weights_[pick];
    Take(pick);
    size_t at = size;
    for (; at > 0 && slate[at - 1] > static_cast<int32_t>(pick); --at) slate[at] = slate[at - 1];
    slate[at] = static_cast<int32_t>(pick);
  }
}

// Gives the taken item the worst gain, and a weight, so that no ratio hides the gain.
void SlateOptimizer::Take(size_t i) {
  weights_[i] = 1;
  gains_[i] = -kInfinity;
}

size_t SlateOptimizer::FirstLeft(absl::Span<const int32_t> taken) {
  int32_t i = 0;
  while (std::find(taken.begin(), taken.end(), i) != taken.end()) ++i;
  return static_cast<size_t>(i);
}

}  // namespace recbots
