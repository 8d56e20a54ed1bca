#include "common/agents/bandits/logistic_bandit.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "common/agents/bandits/cholesky.h"
#include "common/base/log.h"

namespace recbots {
namespace {

constexpr int kMaxFitSteps = 20;
constexpr double kFitTolerance = 1e-3;

double Logistic(double z) { return 1 / (1 + std::exp(-z)); }

double Dot(const double* a, const double* b, size_t n) { return std::inner_product(a, a + n, b, 0.0); }

// matrix [n, n] <- value * I.
void SetDiagonal(size_t n, double value, double* matrix) {
  std::fill(matrix, matrix + n * n, 0.0);
  for (size_t i = 0; i < n; ++i) matrix[i * n + i] = value;
}

void KnowNothing(double sigma0, absl::Span<double> weights, absl::Span<double> gram, absl::Span<double> factor) {
  std::fill(weights.begin(), weights.end(), 0.0);
  SetDiagonal(weights.size(), 1 / (sigma0 * sigma0), gram.data());
  SetDiagonal(weights.size(), 1 / sigma0, factor.data());
}

// The normal equations of one step from `weights`: gram <- X^T R X + I / sigma0^2 (lower triangle) and
// target <- X^T (R X w - (p - y)).
void NormalEquations(absl::Span<const double> arms, absl::Span<const double> rewards, double sigma0,
                     absl::Span<const double> weights, absl::Span<double> gram, absl::Span<double> target) {
  const size_t d = weights.size();
  SetDiagonal(d, 1 / (sigma0 * sigma0), gram.data());
  std::fill(target.begin(), target.end(), 0.0);
  for (size_t row = 0; row < rewards.size(); ++row) {
    const double* x = &arms[row * d];
    const double z = Dot(x, weights.data(), d);
    const double p = Logistic(z);
    const double curvature = p * (1 - p);
    const double residual = curvature * z - (p - rewards[row]);
    for (size_t i = 0; i < d; ++i) {
      if (x[i] == 0) continue;
      target[i] += x[i] * residual;
      const double scaled = curvature * x[i];
      for (size_t j = 0; j <= i; ++j) gram[i * d + j] += scaled * x[j];
    }
  }
}

}  // namespace

bool FitLogistic(absl::Span<const double> arms, absl::Span<const double> rewards, double sigma0,
                 absl::Span<double> weights, absl::Span<double> gram, absl::Span<double> factor) {
  const size_t d = weights.size();
  RECBOTS_CHECK(arms.size() == rewards.size() * d && gram.size() == d * d && factor.size() == d * d)
      << "arms " << arms.size() << ", rewards " << rewards.size() << ", weights " << d << ", gram " << gram.size();
  KnowNothing(sigma0, weights, gram, factor);
  if (rewards.size() <= kMinLogisticObservations) return true;
  std::vector<double> next(d);
  for (int step = 0; step < kMaxFitSteps; ++step) {
    NormalEquations(arms, rewards, sigma0, weights, gram, absl::MakeSpan(next));
    std::copy(gram.begin(), gram.end(), factor.begin());
    if (!CholeskyFactor(d, factor.data())) {
      KnowNothing(sigma0, weights, gram, factor);
      return false;
    }
    SolveLower(d, factor.data(), next.data());
    SolveLowerTransposed(d, factor.data(), next.data());
    double change = 0;
    for (size_t i = 0; i < d; ++i) {
      change += (next[i] - weights[i]) * (next[i] - weights[i]);
      weights[i] = next[i];
    }
    if (std::sqrt(change) < kFitTolerance) break;
  }
  for (size_t i = 0; i < d; ++i) {
    for (size_t j = i + 1; j < d; ++j) gram[i * d + j] = gram[j * d + i];
  }
  return true;
}

double UcbGlmWidth(size_t num_features, double horizon) {
  const auto d = static_cast<double>(num_features);
  return 0.5 / 0.25 * std::sqrt(d / 2 * std::log(1 + 2 * horizon / d) + std::log(horizon));
}

LogisticBandit::LogisticBandit(size_t num_features, const LogisticBanditOptions& options)
    : num_features_(num_features),
      options_(options),
      weights_(num_features),
      gram_(num_features * num_features),
      gram_factor_(gram_.size()),
      information_factor_(gram_.size()),
      scratch_(num_features) {
  Forget();
}

void LogisticBandit::Forget() {
  num_observations_ = 0;
  next_fit_ = kMinLogisticObservations + 1;
  arms_.clear();
  rewards_.clear();
  KnowNothing(options_.sigma0, absl::MakeSpan(weights_), absl::MakeSpan(gram_), absl::MakeSpan(gram_factor_));
  information_factor_ = gram_factor_;
}

void LogisticBandit::Observe(absl::Span<const double> x, double reward) {
  RECBOTS_CHECK(x.size() == num_features_) << "features " << x.size() << ", want " << num_features_;
  const auto capacity = static_cast<size_t>(options_.max_history);
  if (rewards_.size() < capacity) {
    arms_.insert(arms_.end(), x.begin(), x.end());
    rewards_.push_back(reward);
  } else {
    const size_t slot = num_observations_ % capacity;
    std::copy(x.begin(), x.end(), &arms_[slot * num_features_]);
    rewards_[slot] = reward;
  }
  ++num_observations_;
  scratch_.assign(x.begin(), x.end());
  CholeskyAddOuter(num_features_, information_factor_.data(), scratch_.data());
  if (num_observations_ >= next_fit_) Fit();
}

void LogisticBandit::Fit() {
  // A failed fit leaves the prior, and later choices use the prior.
  FitLogistic(arms_, rewards_, options_.sigma0, absl::MakeSpan(weights_), absl::MakeSpan(gram_),
              absl::MakeSpan(gram_factor_));
  // Once the history is full, a fit is due when the same share of it has been replaced.
  const double more = (options_.refit_growth - 1) * static_cast<double>(rewards_.size());
  next_fit_ = num_observations_ + std::max<size_t>(1, static_cast<size_t>(std::ceil(more)));
}

double LogisticBandit::UcbIndex(absl::Span<const double> x, double width) {
  scratch_.assign(x.begin(), x.end());
  SolveLower(num_features_, information_factor_.data(), scratch_.data());
  const double uncertainty = std::sqrt(Dot(scratch_.data(), scratch_.data(), num_features_));
  return Dot(x.data(), weights_.data(), num_features_) + width * uncertainty;
}

void LogisticBandit::SampleWeights(double scaling, Rng& draws, absl::Span<double> sample) const {
  RECBOTS_CHECK(sample.size() == num_features_) << "sample " << sample.size() << ", want " << num_features_;
  for (double& value : sample) value = scaling * draws.Normal();
  SolveLowerTransposed(num_features_, gram_factor_.data(), sample.data());
  for (size_t i = 0; i < num_features_; ++i) sample[i] += weights_[i];
}

}  // namespace recbots
