#include "actor/scenarios/long_term_satisfaction/exact_values.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "common/base/status_macros.h"

namespace recbots {
namespace {

// The trapezoidal rule over a standard normal is spectrally accurate; its ends are cut where the density is 1e-8.
constexpr int kNoisePoints = 15;  // On each side of 0.
constexpr double kNoiseStep = 0.4;
// How many values of Q one induction may compute, for Solvable.
constexpr double kMaxWork = 1e8;

double Dot(const double* a, const double* b, size_t n) { return std::inner_product(a, a + n, b, 0.0); }

// The largest rate at which log engagement changes with exposure, but at least that of satisfaction itself.
double ExposureRate(const LongTermSatisfactionOptions& options) {
  return options.sensitivity * std::max({4.0, std::abs(options.choc_mean), std::abs(options.kale_mean)}) / 4;
}

// Integral of F^m over an interval of the given width on which F grows linearly from a to b.
double IntegratePower(double a, double b, double width, int m) {
  if (b - a < 1e-9) return width * std::pow((a + b) / 2, m);
  return width * (std::pow(b, m + 1) - std::pow(a, m + 1)) / ((m + 1) * (b - a));
}

// Probability density, up to a factor, of the clickbait nearest to `target` among m uniform candidates.
double NearestDensity(double target, int m, double clickbait) {
  const double distance = std::abs(clickbait - target);
  const double nearer = std::min(1.0, target + distance) - std::max(0.0, target - distance);
  return std::pow(1 - nearer, m - 1);
}

}  // namespace

double ExpectedBest(absl::Span<const double> q, int m, const StopQuestion& stop) {
  if (m == LtsMdp::kAnyClickbait) return *std::max_element(q.begin(), q.end());
  // E[max] = q_max - integral of F^m, with F(v) the share of c with q(c) <= v. Between neighbouring values F is linear.
  static thread_local std::vector<double> sorted;
  sorted.assign(q.begin(), q.end());
  std::sort(sorted.begin(), sorted.end());
  const size_t segments = q.size() - 1;
  double best = sorted.back();
  for (size_t k = 0; k + 1 < sorted.size(); ++k) {
    const double width = sorted[k + 1] - sorted[k];
    if (width <= 0) continue;
    if (ShouldStop(stop)) break;
    double below = 0, within = 0;  // Numbers of segments.
    for (size_t i = 0; i < segments; ++i) {
      const double low = std::min(q[i], q[i + 1]);
      const double high = std::max(q[i], q[i + 1]);
      const bool spans = low <= sorted[k] && high >= sorted[k + 1];
      const double inverse = spans ? 1 / (high - low) : 0;
      below += high <= sorted[k] ? 1 : (sorted[k] - low) * inverse;
      within += width * inverse;
    }
    const auto all = static_cast<double>(segments);
    best -= IntegratePower(below / all, std::min(1.0, (below + within) / all), width, m);
  }
  return best;
}

LtsMdp::Resolution LtsMdp::ResolutionOf(const LongTermSatisfactionOptions& options, int refinement) {
  // The largest rates at which log values change with exposure and with clickbait.
  const double rate = ExposureRate(options);
  const double slope =
      std::abs(options.choc_mean - options.kale_mean) +
      std::abs(options.choc_stddev - options.kale_stddev) * std::max(options.choc_stddev, options.kale_stddev) +
      2 * rate;
  const double beta = options.memory_discount;
  Resolution resolution;
  resolution.exposure_step = std::min(0.1, rate > 0 ? 0.2 / rate : 0.1) / refinement;
  resolution.max_exposure = 1 / (1 - beta) + 6 * options.innovation_stddev / std::sqrt(1 - beta * beta);
  resolution.num_exposures = static_cast<size_t>(2 * resolution.max_exposure / resolution.exposure_step) + 5;
  resolution.num_segments =
      64 * static_cast<size_t>(std::ceil(std::max(1.0, slope / 2))) * static_cast<size_t>(refinement);
  return resolution;
}

bool LtsMdp::Solvable(const LongTermSatisfactionOptions& options) {
  if (options.candidate_refresh != CandidateRefresh::kEveryStep) return false;
  const Resolution resolution = ResolutionOf(options, /*refinement=*/1);
  const double work = static_cast<double>(EpisodeSteps(options)) * static_cast<double>(resolution.num_exposures) *
                      static_cast<double>(resolution.num_segments + 2 * kNoisePoints);
  // Values must not bend too much within one standard deviation of the innovation.
  return work <= kMaxWork && ExposureRate(options) * options.innovation_stddev <= 1;
}

LtsMdp::LtsMdp(const LongTermSatisfactionOptions& options, int num_candidates, int refinement, const StopQuestion& stop)
    : options_(options), num_candidates_(num_candidates) {
  const Resolution resolution = ResolutionOf(options, refinement);
  num_nodes_ = resolution.num_segments + 1;
  grid_ = {.low = -resolution.max_exposure,
           .step = 2 * resolution.max_exposure / static_cast<double>(resolution.num_exposures - 1),
           .size = resolution.num_exposures};
  reward_.resize(grid_.size * num_nodes_);
  for (size_t i = 0; i < grid_.size && complete_; ++i) {
    complete_ = !ShouldStop(stop);
    const double satisfaction = Satisfaction(options_, grid_.point(i));
    for (size_t j = 0; j < num_nodes_; ++j) {
      reward_[i * num_nodes_ + j] = MeanEngagement(
          options_, satisfaction, options_.Clickbait(static_cast<double>(j) / static_cast<double>(num_nodes_ - 1)));
    }
  }
}

void LtsMdp::Smooth(const std::vector<double>& values, double* smoothed) const {
  double weights[kNoisePoints + 1];
  double sum = 0;
  for (int k = 0; k <= kNoisePoints; ++k) {
    weights[k] = std::exp(-0.5 * kNoiseStep * kNoiseStep * k * k);
    sum += k == 0 ? weights[k] : 2 * weights[k];
  }
  const double spacing = kNoiseStep * options_.innovation_stddev;
  for (size_t i = 0; i < grid_.size; ++i) {
    const double x = grid_.point(i);
    double mean = weights[0] * values[i];
    for (int k = 1; k <= kNoisePoints; ++k) {
      mean += weights[k] * (grid_.At(values.data(), x - k * spacing) + grid_.At(values.data(), x + k * spacing));
    }
    smoothed[i] = mean / sum;
  }
}

double LtsMdp::MeanOverFirstExposures(const std::vector<double>& values) const {
  const auto points = static_cast<int>(8 * grid_.size);
  double sum = 0;
  for (int i = 0; i < points; ++i) {
    sum += grid_.At(values.data(), FirstUser(options_, (i + 0.5) / points).exposure);
  }
  return sum / points;
}

template <typename Pick>
absl::StatusOr<double> LtsMdp::InductBackward(const Pick& pick, std::vector<double>* following,
                                              const StopQuestion& stop) const {
  if (!complete_) return absl::CancelledError("stopped");
  const int steps = EpisodeSteps(options_);
  std::vector<double> values(grid_.size, 0.0), smoothed(grid_.size, 0.0), q(num_nodes_);
  if (following != nullptr) following->resize(static_cast<size_t>(steps) * grid_.size);
  for (int t = steps - 1; t >= 0; --t) {
    if (t + 1 < steps) Smooth(values, smoothed.data());
    if (following != nullptr) {
      std::copy(smoothed.begin(), smoothed.end(), following->begin() + t * static_cast<std::ptrdiff_t>(grid_.size));
    }
    for (size_t i = 0; i < grid_.size; ++i) {
      const double kale = MeanNextExposure(options_, grid_.point(i), options_.min_clickbait);
      const double spacing =
          2 * (options_.max_clickbait - options_.min_clickbait) / static_cast<double>(num_nodes_ - 1);
      for (size_t j = 0; j < num_nodes_; ++j) {
        q[j] = reward_[i * num_nodes_ + j] + grid_.At(smoothed.data(), kale - spacing * static_cast<double>(j));
      }
      values[i] = pick(q);
      RECBOTS_RETURN_IF_ERROR(CheckStop(stop));
    }
  }
  return MeanOverFirstExposures(values);
}

std::vector<double> LtsMdp::RandomRule() const {
  std::vector<double> rule(num_nodes_, 1.0 / static_cast<double>(num_nodes_ - 1));
  rule.front() /= 2;
  rule.back() /= 2;
  return rule;
}

std::vector<double> LtsMdp::NearestRule(double target) const {
  std::vector<double> rule(num_nodes_, 0.0);
  const auto segments = static_cast<double>(num_nodes_ - 1);
  // Adds mass at a clickbait to the two nodes around it, as linear interpolation does.
  const auto add = [&rule, segments](double clickbait, double mass) {
    const double place = clickbait * segments;
    const auto node = std::min(static_cast<size_t>(place), rule.size() - 2);
    rule[node] += mass * (1 - (place - static_cast<double>(node)));
    rule[node + 1] += mass * (place - static_cast<double>(node));
  };
  if (num_candidates_ == kAnyClickbait) {
    add(target, 1.0);
    return rule;
  }
  // Midpoints, close to each other compared with 1 / m, over which the density changes.
  const int points = static_cast<int>(num_nodes_) * 16 + num_candidates_ * 64;
  double sum = 0;
  for (int i = 0; i < points; ++i) {
    const double clickbait = (i + 0.5) / points;
    const double density = NearestDensity(target, num_candidates_, clickbait);
    add(clickbait, density);
    sum += density;
  }
  for (double& weight : rule) weight /= sum;
  return rule;
}

absl::StatusOr<double> LtsMdp::ValueOf(const std::vector<double>& rule, const StopQuestion& stop) const {
  return InductBackward([&rule](const std::vector<double>& q) { return Dot(rule.data(), q.data(), q.size()); }, nullptr,
                        stop);
}

absl::StatusOr<LtsMdp::Constant> LtsMdp::BestConstant(const StopQuestion& stop) const {
  // Take the best point of a coarse grid, then search around it by golden section. The ends are tried first, and
  // another point must be better by more than the numerical error.
  constexpr int kPoints = 8;
  constexpr double kRatio = 0.6180339887498949;
  constexpr double kWidth = 0.01;
  Constant best{.target = 0, .value = 0};
  RECBOTS_ASSIGN_OR_RETURN(best.value, ValueOf(NearestRule(0), stop));
  absl::Status status;  // Once it is not OK, all values are meaningless.
  const auto consider = [&](double target) {
    const absl::StatusOr<double> value = ValueOf(NearestRule(target), stop);
    status.Update(value.status());
    if (!value.ok()) return 0.0;
    if (*value > best.value + 1e-6 * std::abs(best.value)) best = {.target = target, .value = *value};
    return *value;
  };
  consider(1);
  for (int i = 1; i < kPoints; ++i) consider(static_cast<double>(i) / kPoints);
  double low = std::max(0.0, best.target - 1.0 / kPoints), high = std::min(1.0, best.target + 1.0 / kPoints);
  double a = high - kRatio * (high - low), b = low + kRatio * (high - low);
  double at_a = consider(a), at_b = consider(b);
  while (high - low > kWidth) {
    if (at_a > at_b) {
      high = std::exchange(b, a);
      at_b = at_a;
      at_a = consider(a = high - kRatio * (high - low));
    } else {
      low = std::exchange(a, b);
      at_a = at_b;
      at_b = consider(b = low + kRatio * (high - low));
    }
  }
  RECBOTS_RETURN_IF_ERROR(status);
  return best;
}

absl::StatusOr<LtsMdp::Optimum> LtsMdp::Solve(const StopQuestion& stop) const {
  const std::vector<double> most = NearestRule(1), least = NearestRule(0);
  Optimum optimum;
  const auto pick = [&](const std::vector<double>& q) {
    // If more clickbait is always better, or always worse, the best candidate is the last or the first.
    if (std::is_sorted(q.begin(), q.end())) return Dot(most.data(), q.data(), q.size());
    if (std::is_sorted(q.rbegin(), q.rend())) return Dot(least.data(), q.data(), q.size());
    return ExpectedBest(q, num_candidates_, stop);
  };
  RECBOTS_ASSIGN_OR_RETURN(optimum.value, InductBackward(pick, &optimum.following, stop));
  return optimum;
}

double LtsMdp::Score(const Optimum& optimum, int step, double exposure, double clickbait) const {
  return MeanEngagement(options_, Satisfaction(options_, exposure), clickbait) +
         grid_.At(optimum.following.data() + static_cast<size_t>(step) * grid_.size,
                  MeanNextExposure(options_, exposure, clickbait));
}

}  // namespace recbots
