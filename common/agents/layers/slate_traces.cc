#include "common/agents/layers/slate_traces.h"

#include <algorithm>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "common/base/check_range.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"

namespace recbots {
namespace {

// The response fields of clicked items that are summed.
std::vector<size_t> SummedFields(const EnvironmentSpec& spec) {
  std::vector<size_t> fields;
  if (spec.FindResponseField("click") < 0) return fields;
  for (size_t i = 0; i < spec.response_fields.size(); ++i) {
    if (spec.response_fields[i] != "click" && spec.response_fields[i] != "cluster_id") fields.push_back(i);
  }
  return fields;
}

// Adds the features of an item, or its position if it has none. `sums` and `candidates` must not overlap.
inline void AddItem(const float* candidates, size_t item, size_t num_features, float* __restrict sums) {
  if (num_features == 0) sums[item] += 1;
  const float* const features = candidates + item * num_features;
  for (size_t i = 0; i < num_features; ++i) sums[i] += features[i];
}

}  // namespace

absl::StatusOr<std::unique_ptr<SlateTraces>> SlateTraces::Create(const SlateTracesOptions& options,
                                                                 const EnvironmentSpec& spec) {
  const size_t decays = options.trace_decay.size();
  if (decays < 1 || decays > SlateTracesOptions::kMaxDecays) {
    return absl::InvalidArgumentError(
        absl::StrCat("trace_decay has ", decays, " numbers, want 1..", SlateTracesOptions::kMaxDecays));
  }
  for (const double decay : options.trace_decay) RECBOTS_RETURN_IF_ERROR(CheckRange("trace_decay", decay, 0, 1));
  RECBOTS_RETURN_IF_ERROR(CheckRange("trace_scale", options.trace_scale, 0.001, 1e6));
  return absl::WrapUnique(new SlateTraces(options, spec));
}

SlateTraces::SlateTraces(const SlateTracesOptions& options, const EnvironmentSpec& spec)
    : num_candidates_(static_cast<size_t>(spec.num_candidates)),
      num_features_(static_cast<size_t>(spec.num_candidate_features)),
      slate_size_(static_cast<size_t>(spec.slate_size)),
      num_fields_(spec.response_fields.size()),
      same_candidates_(spec.fixed_catalogue),
      click_field_(spec.FindResponseField("click")),
      item_width_(num_features_ > 0 ? num_features_ : num_candidates_),
      fields_(SummedFields(spec)),
      trace_width_(1 + item_width_ + (click_field_ >= 0 ? 1 + item_width_ + fields_.size() : 0)),
      now_(trace_width_) {
  for (const double decay : options.trace_decay) {
    decay_.push_back(static_cast<float>(decay));
    scale_.push_back(static_cast<float>(decay < 1 ? 1 - decay : 1 / options.trace_scale));
  }
}

void SlateTraces::Reserve(size_t num_users) {
  const size_t sets = same_candidates_ ? std::min<size_t>(num_users, 1) : num_users;
  candidates_.resize(std::max(candidates_.size(), sets * num_candidates_ * num_features_));
  sums_.resize(std::max(sums_.size(), num_users * decay_.size() * trace_width_));
}

void SlateTraces::Begin(size_t user, const UserView& view) {
  std::fill_n(sums_.data() + user * decay_.size() * trace_width_, decay_.size() * trace_width_, 0.0f);
  Keep(user, view.candidates);
}

void SlateTraces::Add(size_t user, const UserStep& step, const UserView& next) {
  Sum(user, step);
  const size_t width = trace_width_;
  const float* const now = now_.data();
  float* __restrict sums = sums_.data() + user * decay_.size() * width;
  for (const float decay : decay_) {
    for (size_t i = 0; i < width; ++i) sums[i] = decay * sums[i] + now[i];
    sums += width;
  }
  if (!same_candidates_) Keep(user, next.candidates);
}

void SlateTraces::Write(size_t user, absl::Span<float> statistics) const {
  const size_t width = trace_width_;
  const float* sums = sums_.data() + user * decay_.size() * width;
  float* out = statistics.data();
  for (const float scale : scale_) {
    for (size_t i = 0; i < width; ++i) out[i] = scale * sums[i];
    sums += width;
    out += width;
  }
}

void SlateTraces::Keep(size_t user, absl::Span<const float> candidates) {
  const size_t size = num_candidates_ * num_features_;
  if (size == 0) return;
  RECBOTS_CHECK(candidates.size() == size) << "candidates " << candidates.size() << ", want " << size;
  std::copy_n(candidates.data(), size, candidates_.data() + (same_candidates_ ? 0 : user * size));
}

void SlateTraces::Sum(size_t user, const UserStep& step) {
  std::fill(now_.begin(), now_.end(), 0.0f);
  now_[0] = 1;
  float* const shown = now_.data() + 1;
  float* const clicks = shown + item_width_;
  float* const clicked = clicks + 1;
  float* const responses = clicked + item_width_;
  const size_t features = num_features_;
  const float* const candidates = candidates_.data() + (same_candidates_ ? 0 : user * num_candidates_ * features);
  for (size_t k = 0; k < slate_size_ && step.slate[k] != kNoItem; ++k) {
    const auto item = static_cast<size_t>(step.slate[k]);
    RECBOTS_CHECK(item < num_candidates_) << "position " << step.slate[k] << ", want 0.." << num_candidates_ - 1;
    AddItem(candidates, item, features, shown);
    const float* const response = step.response.data() + k * num_fields_;
    if (click_field_ < 0 || response[click_field_] == 0.0f) continue;
    *clicks += 1;
    AddItem(candidates, item, features, clicked);
    for (size_t i = 0; i < fields_.size(); ++i) responses[i] += response[fields_[i]];
  }
  const auto slate_size = static_cast<float>(slate_size_);
  for (size_t i = 0; i < item_width_; ++i) shown[i] /= slate_size;
}

}  // namespace recbots
