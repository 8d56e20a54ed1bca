#include "common/algorithms/slate_q/slate_tensors.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/cummax.h>
#include <ATen/ops/cumprod.h>
#include <ATen/ops/maximum.h>
#include <ATen/ops/nan_to_num.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/sort.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include <limits>
#include <tuple>
#include <vector>

namespace recbots {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr int64_t kLevels = 8;
constexpr int kDinkelbachSteps = 3;

// Problems in double, on the scale of values on which no click is worth 0.
struct Gains {
  explicit Gains(const SlateProblems& problems)
      : weights(problems.weights.to(at::kDouble)),
        none(problems.no_click_weight.to(at::kDouble)),
        base(problems.no_click_value.to(at::kDouble)),
        gains(problems.values.to(at::kDouble).sub(base)) {}

  at::Tensor weights, none, base, gains;
};

// Places of each row in descending order of its keys, the lower one first among equals.
at::Tensor Descending(const at::Tensor& keys) {
  return std::get<1>(at::sort(keys, /*stable=*/true, /*dim=*/1, /*descending=*/true));
}

// The first places of the same order. Looking for one after the other costs less than sorting where they are few.
at::Tensor Best(const at::Tensor& keys, int64_t count) {
  constexpr int64_t kFew = 4;
  if (count > kFew) return Descending(keys).narrow(1, 0, count);
  // What is taken is worse than all that is left, even where a network has diverged.
  at::Tensor left = at::nan_to_num(keys, std::numeric_limits<double>::max());
  std::vector<at::Tensor> best = {left.argmax(1, /*keepdim=*/true)};
  while (static_cast<int64_t>(best.size()) < count) {
    left.scatter_(1, best.back(), -kInfinity);
    best.push_back(left.argmax(1, /*keepdim=*/true));
  }
  return at::cat(best, 1);
}

// 0 where nothing has weight, because then no click is certain; the numerator is 0 there.
at::Tensor Ratio(const at::Tensor& numerator, const at::Tensor& denominator) {
  return numerator.div(denominator.clamp_min(std::numeric_limits<double>::min()));
}

// [B, 1]: of each row the first place of the largest value among those not taken [B, C], which it then is. Numbers that
// are none or infinite, of a network that has diverged, are the worst; but what is taken stays so.
at::Tensor TakeBest(const at::Tensor& values, at::Tensor& taken) {
  constexpr double kWorst = std::numeric_limits<double>::lowest();
  const at::Tensor left = at::nan_to_num(values, kWorst, kInfinity, kWorst).masked_fill_(taken, -kInfinity);
  const at::Tensor pick = left.argmax(1, /*keepdim=*/true);
  taken = taken.scatter(1, pick, 1);
  return pick;
}

// Looks for the largest value of a slate. Of every level the slate of the K largest w (gain - level) is worth at least
// as much as the level, if any slate is, so the best of some levels brings a lower bound near to the optimum at once,
// and a few passes that begin there arrive.
class SharedOptimum {
 public:
  SharedOptimum(const Gains& problem, int64_t slate_size)
      : problem_(problem),
        slate_size_(slate_size),
        worth_(problem.weights.mul(problem.gains)),
        both_(at::stack({worth_, problem.weights}, 2).unsqueeze(1)) {}

  at::Tensor Find() const {
    at::Tensor slate = Best(worth_, slate_size_), level = Ratios(slate.unsqueeze(1));
    const at::Tensor highest = std::get<0>(problem_.gains.max(1, /*keepdim=*/true));
    const at::Tensor places = at::arange(kLevels, level.options()).div_(static_cast<double>(kLevels));
    Improve(level.addcmul(highest.sub(level), places), slate, level);
    for (int step = 0; step < kDinkelbachSteps; ++step) Improve(level, slate, level);
    return slate;
  }

 private:
  // Values [B, L] of slates [B, L, K], on the scale of gains.
  at::Tensor Ratios(const at::Tensor& slates) const {
    const int64_t levels = slates.size(1);
    const at::Tensor places = slates.unsqueeze(3).expand({-1, -1, -1, 2});
    const at::Tensor sums = both_.expand({-1, levels, -1, -1}).gather(2, places).sum(2);  // [B, L, 2]
    return Ratio(sums.select(2, 0), sums.select(2, 1).add(problem_.none));
  }
  // Takes the best slate of these levels [B, L] where it is worth more than `level` [B, 1].
  void Improve(const at::Tensor& levels, at::Tensor& slate, at::Tensor& level) const {
    const int64_t rows = levels.size(0), count = levels.size(1);
    const at::Tensor keys = problem_.gains.unsqueeze(1).sub(levels.unsqueeze(2)).mul_(problem_.weights.unsqueeze(1));
    at::Tensor slates = Best(keys.view({rows * count, -1}), slate_size_).view({rows, count, slate_size_});
    at::Tensor values = Ratios(slates);
    if (count > 1) {
      const auto [largest, of_level] = values.max(1, /*keepdim=*/true);
      slates = slates.gather(1, of_level.unsqueeze(2).expand({-1, -1, slate_size_}));
      values = largest;
    }
    slate = at::where(values.gt(level), slates.squeeze(1), slate);
    level = at::maximum(level, values);
  }

  const Gains& problem_;
  const int64_t slate_size_;
  const at::Tensor worth_;
  const at::Tensor both_;  // [B, 1, C, 2]
};

at::Tensor SharedGreedy(const Gains& problem, int64_t slate_size) {
  const at::Tensor worth = problem.weights.mul(problem.gains);
  at::Tensor numerator = at::zeros_like(problem.none), denominator = problem.none;
  at::Tensor taken = at::zeros_like(worth, at::TensorOptions(at::kBool));
  std::vector<at::Tensor> slate;
  for (int64_t size = 0; size < slate_size; ++size) {
    const at::Tensor pick = TakeBest(Ratio(worth.add(numerator), problem.weights.add(denominator)), taken);
    numerator = numerator.add(worth.gather(1, pick));
    denominator = denominator.add(problem.weights.gather(1, pick));
    slate.push_back(pick);
  }
  return std::get<0>(at::sort(at::cat(slate, 1), /*dim=*/1));
}

at::Tensor CascadeOptimal(const Gains& problem, int64_t slate_size) {
  const at::Tensor gains = problem.gains.masked_fill(problem.gains.isnan(), -kInfinity);
  const at::Tensor order = Descending(gains);
  const at::Tensor weights = problem.weights.gather(1, order);
  const at::Tensor worth = gains.gather(1, order).mul_(weights), missed = weights.neg().add_(1);
  const int64_t num_candidates = order.size(1);
  // Row k - 1 has, for j = 0 .. C - k, the value of k items from the j-th on, and the first of them.
  at::Tensor values = at::zeros({order.size(0), num_candidates + 1}, worth.options());
  std::vector<at::Tensor> firsts;
  for (int64_t k = 1; k <= slate_size; ++k) {
    const int64_t places = num_candidates - k + 1;
    const at::Tensor begun =
        worth.narrow(1, 0, places).addcmul(missed.narrow(1, 0, places), values.narrow(1, 1, places));
    const auto [best, from_behind] = at::cummax(begun.flip(1), 1);
    values = best.flip(1);
    firsts.push_back(from_behind.flip(1).neg().add_(places - 1));
  }
  at::Tensor next = firsts.back().narrow(1, 0, 1);
  std::vector<at::Tensor> slate = {next};
  for (size_t left = firsts.size() - 1; left > 0; --left) {
    next = firsts[left - 1].gather(1, next.add(1));
    slate.push_back(next);
  }
  return order.gather(1, at::cat(slate, 1));
}

// An item inserted before the k-th of a slate is looked at with probability reach [k], and changes what the items from
// the k-th on are worth, values [k], to w gain + (1 - w) values [k].
struct Insertion {
  // Of slates [B, K] in order; K may be 0.
  Insertion(const at::Tensor& weights, const at::Tensor& gains) {
    const at::Tensor none = at::zeros({weights.size(0), 1}, weights.options());
    const int64_t size = weights.size(1);
    std::vector<at::Tensor> reached = {none.add(1)}, worth(static_cast<size_t>(size) + 1, none);
    for (int64_t k = 0; k < size; ++k) reached.push_back(reached.back().mul(weights.narrow(1, k, 1).neg().add_(1)));
    for (int64_t k = size; k-- > 0;) {
      const at::Tensor& behind = worth[static_cast<size_t>(k) + 1];
      worth[static_cast<size_t>(k)] = behind.addcmul(weights.narrow(1, k, 1), gains.narrow(1, k, 1).sub(behind));
    }
    reach = at::cat(reached, 1);
    values = at::cat(worth, 1);
  }

  at::Tensor reach, values;  // [B, K + 1]
};

at::Tensor CascadeGreedy(const Gains& problem, int64_t slate_size) {
  at::Tensor taken = at::zeros_like(problem.gains, at::TensorOptions(at::kBool));
  // The slate so far, in descending order of gains: what is inserted comes behind its equals.
  at::Tensor slate = at::zeros({taken.size(0), 0}, taken.options().dtype(at::kLong));
  for (int64_t size = 0; size < slate_size; ++size) {
    const at::Tensor gains = problem.gains.gather(1, slate);
    const Insertion insertion(problem.weights.gather(1, slate), gains);
    const at::Tensor place = gains.unsqueeze(1).ge(problem.gains.unsqueeze(2)).sum(2);  // [B, C]
    const at::Tensor changed = problem.gains.sub(insertion.values.gather(1, place)).mul_(problem.weights);
    const at::Tensor pick = TakeBest(changed.mul_(insertion.reach.gather(1, place)), taken);
    const at::Tensor longer = at::cat({slate, pick}, 1);
    slate = longer.gather(1, Descending(problem.gains.gather(1, longer)));
  }
  return slate;
}

}  // namespace

at::Tensor ComposeSlatesByOperators(ClickRule click_rule, SlateRule rule, const SlateProblems& problems,
                                    int64_t slate_size) {
  const Gains all(problems);
  const bool cascade = click_rule == ClickRule::kCascade;
  switch (rule) {
    case SlateRule::kGreedy:
      return cascade ? CascadeGreedy(all, slate_size) : SharedGreedy(all, slate_size);
    case SlateRule::kOptimal:
      return cascade ? CascadeOptimal(all, slate_size) : SharedOptimum(all, slate_size).Find();
    case SlateRule::kTopK:
      break;
  }
  return Best(all.weights.mul(all.gains), slate_size);
}

at::Tensor ComposeSlates(ClickRule click_rule, SlateRule rule, const SlateProblems& problems, int64_t slate_size) {
  if (!problems.values.is_cpu()) return ComposeSlatesByOperators(click_rule, rule, problems, slate_size);
  const int64_t rows = problems.values.size(0), num_candidates = problems.values.size(1);
  const auto plain = [](const at::Tensor& tensor) { return tensor.to(at::kDouble).contiguous(); };
  const at::Tensor weights = plain(problems.weights), values = plain(problems.values);
  const at::Tensor none_weights = plain(problems.no_click_weight), none_values = plain(problems.no_click_value);
  const at::Tensor slates = at::zeros({rows, slate_size}, at::TensorOptions(at::kInt));
  SlateOptimizer optimizer(click_rule, static_cast<int>(num_candidates), static_cast<int>(slate_size));
  const auto of_row = [&](const at::Tensor& tensor, int64_t row) {
    return absl::Span<const double>(tensor.data_ptr<double>() + row * num_candidates,
                                    static_cast<size_t>(num_candidates));
  };
  for (int64_t row = 0; row < rows; ++row) {
    optimizer.Select(rule,
                     SlateProblemF64{.weights = of_row(weights, row),
                                     .values = of_row(values, row),
                                     .no_click_weight = none_weights.data_ptr<double>()[row],
                                     .no_click_value = none_values.data_ptr<double>()[row]},
                     {slates.data_ptr<int32_t>() + row * slate_size, static_cast<size_t>(slate_size)});
  }
  return slates.to(at::kLong);
}

at::Tensor ClickProbabilities(ClickRule click_rule, const SlateProblems& problems, const at::Tensor& slates,
                              const at::Tensor& shown) {
  at::Tensor weights = problems.weights.gather(1, slates).to(at::kDouble);
  if (shown.defined()) weights = weights.masked_fill(shown.logical_not(), 0);
  if (click_rule == ClickRule::kShared) {
    return Ratio(weights, weights.sum(1, /*keepdim=*/true).add_(problems.no_click_weight).expand_as(weights));
  }
  // Of those before it none was clicked.
  const at::Tensor passed = at::cumprod(weights.neg().add_(1), 1);
  const int64_t last = weights.size(1) - 1;
  return weights.mul(at::cat({at::ones_like(weights.narrow(1, 0, 1)), passed.narrow(1, 0, last)}, 1));
}

at::Tensor SlateValues(ClickRule click_rule, const SlateProblems& problems, const at::Tensor& slates,
                       const at::Tensor& shown) {
  const at::Tensor base = problems.no_click_value.to(at::kDouble);
  const at::Tensor gains = problems.values.gather(1, slates).to(at::kDouble).sub_(base);
  return ClickProbabilities(click_rule, problems, slates, shown).mul_(gains).sum(1).add_(base.squeeze(1));
}

}  // namespace recbots
