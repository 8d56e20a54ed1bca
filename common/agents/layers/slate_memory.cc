#include "common/agents/layers/slate_memory.h"

#include <algorithm>
#include <cmath>

#include "common/base/log.h"

namespace recbots {

SlateMemory::SlateMemory(const EnvironmentSpec& spec, double absolute_tolerance, double relative_tolerance)
    : slate_size_(static_cast<size_t>(spec.slate_size)),
      num_candidates_(static_cast<size_t>(spec.num_candidates)),
      num_features_(static_cast<size_t>(spec.num_candidate_features)),
      by_position_(spec.fixed_catalogue || spec.num_candidate_features == 0),
      absolute_tolerance_(absolute_tolerance),
      relative_tolerance_(relative_tolerance) {}

size_t SlateMemory::WidthOf(const EnvironmentSpec& spec) {
  return static_cast<size_t>(spec.slate_size) * static_cast<size_t>(std::max(1, spec.num_candidate_features));
}

void SlateMemory::Reserve(size_t num_users) {
  if (num_users * slate_size_ <= slates_.size()) return;
  slates_.resize(num_users * slate_size_, kNoItem);
  features_.resize(num_users * slate_size_ * num_features_);
}

void SlateMemory::Set(size_t user, absl::Span<const int32_t> slate, absl::Span<const float> candidates) {
  RECBOTS_CHECK(candidates.size() == num_candidates_ * num_features_)
      << "candidates " << candidates.size() << ", want " << num_candidates_ << " x " << num_features_;
  float* features = features_.data() + user * slate_size_ * num_features_;
  for (size_t k = 0; k < slate_size_; ++k, features += num_features_) {
    slates_[user * slate_size_ + k] = slate[k];
    if (slate[k] == kNoItem) {
      std::fill_n(features, num_features_, 0.0f);
    } else {
      std::copy_n(candidates.data() + static_cast<size_t>(slate[k]) * num_features_, num_features_, features);
    }
  }
}

void SlateMemory::SetFirst(size_t user, absl::Span<const float> candidates) {
  for (size_t k = 0; k < slate_size_; ++k) slates_[user * slate_size_ + k] = static_cast<int32_t>(k);
  std::copy_n(candidates.data(), slate_size_ * num_features_, features_.data() + user * slate_size_ * num_features_);
}

bool SlateMemory::Differs(size_t user, absl::Span<const int32_t> slate, absl::Span<const float> candidates) const {
  const absl::Span<const int32_t> remembered = this->slate(user);
  if (by_position_) return remembered != slate;
  const float* features = features_.data() + user * slate_size_ * num_features_;
  for (size_t k = 0; k < slate_size_; ++k, features += num_features_) {
    if ((slate[k] == kNoItem) != (remembered[k] == kNoItem)) return true;
    if (slate[k] == kNoItem) return false;
    if (!Same(features, candidates.data() + static_cast<size_t>(slate[k]) * num_features_)) return true;
  }
  return false;
}

bool SlateMemory::Find(size_t user, absl::Span<const float> candidates) {
  if (by_position_) return true;
  RECBOTS_CHECK(candidates.size() == num_candidates_ * num_features_)
      << "candidates " << candidates.size() << ", want " << num_candidates_ << " x " << num_features_;
  int32_t* const slate = slates_.data() + user * slate_size_;
  const float* features = features_.data() + user * slate_size_ * num_features_;
  for (size_t k = 0; k < slate_size_ && slate[k] != kNoItem; ++k, features += num_features_) {
    const auto fits = [&](int32_t position) {
      return std::find(slate, slate + k, position) == slate + k &&
             Same(features, candidates.data() + static_cast<size_t>(position) * num_features_);
    };
    if (fits(slate[k])) continue;
    int32_t position = 0;
    while (position < static_cast<int32_t>(num_candidates_) && !fits(position)) ++position;
    if (position == static_cast<int32_t>(num_candidates_)) return false;
    slate[k] = position;
  }
  return true;
}

void SlateMemory::Write(size_t user, float* out) const {
  if (num_features_ == 0) {
    for (const int32_t position : slate(user)) *out++ = static_cast<float>(position);
  } else {
    std::copy_n(features_.data() + user * slate_size_ * num_features_, slate_size_ * num_features_, out);
  }
}

bool SlateMemory::Same(const float* remembered, const float* candidate) const {
  for (size_t i = 0; i < num_features_; ++i) {
    const double a = candidate[i], b = remembered[i];
    if (!(std::abs(a - b) <= absolute_tolerance_ + relative_tolerance_ * std::abs(b))) return false;
  }
  return true;
}

}  // namespace recbots
