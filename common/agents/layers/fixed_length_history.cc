#include "common/agents/layers/fixed_length_history.h"

#include <algorithm>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "common/base/log.h"

namespace recbots {
namespace {

size_t UserWidth(const FixedLengthHistoryOptions& options, const EnvironmentSpec& spec) {
  return options.remember_user ? static_cast<size_t>(spec.num_user_features) : 0;
}

size_t CandidatesWidth(const FixedLengthHistoryOptions& options, const EnvironmentSpec& spec) {
  return options.remember_candidates
             ? static_cast<size_t>(spec.num_candidates) * static_cast<size_t>(spec.num_candidate_features)
             : 0;
}

size_t ResponseWidth(const FixedLengthHistoryOptions& options, const EnvironmentSpec& spec) {
  return options.remember_response ? static_cast<size_t>(spec.slate_size) * spec.response_fields.size() : 0;
}

}  // namespace

absl::StatusOr<std::unique_ptr<FixedLengthHistory>> FixedLengthHistory::Create(const FixedLengthHistoryOptions& options,
                                                                               const EnvironmentSpec& spec) {
  if (options.history_length < 1 || options.history_length > FixedLengthHistoryOptions::kMaxLength) {
    return absl::InvalidArgumentError(
        absl::StrCat("history_length ", options.history_length, ", want 1..", FixedLengthHistoryOptions::kMaxLength));
  }
  if (UserWidth(options, spec) + CandidatesWidth(options, spec) + ResponseWidth(options, spec) == 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("history of ", spec.name, " remembers nothing: remember_user ", options.remember_user, " of ",
                     spec.num_user_features, " features, remember_candidates ", options.remember_candidates, " of ",
                     spec.num_candidate_features, " features each, remember_response ", options.remember_response,
                     " of ", spec.response_fields.size(), " fields"));
  }
  return absl::WrapUnique(new FixedLengthHistory(options, spec));
}

FixedLengthHistory::FixedLengthHistory(const FixedLengthHistoryOptions& options, const EnvironmentSpec& spec)
    : length_(static_cast<size_t>(options.history_length)),
      user_width_(UserWidth(options, spec)),
      candidates_width_(CandidatesWidth(options, spec)),
      response_width_(ResponseWidth(options, spec)),
      entry_width_(user_width_ + candidates_width_ + (response_width_ > 0 ? response_width_ + 1 : 0)) {}

void FixedLengthHistory::Reserve(size_t num_users) {
  if (num_users <= rings_.size()) return;
  rings_.resize(num_users);
  entries_.resize(num_users * length_ * entry_width_);
}

void FixedLengthHistory::Begin(size_t user, const UserView& view) {
  rings_[user] = Ring{};
  Push(user, {}, view);
}

void FixedLengthHistory::Add(size_t user, const UserStep& step, const UserView& next) {
  Push(user, step.response, next);
}

void FixedLengthHistory::Push(size_t user, absl::Span<const float> response, const UserView& view) {
  RECBOTS_CHECK(view.observation.size() >= user_width_ && view.candidates.size() >= candidates_width_)
      << "observation " << view.observation.size() << ", want " << user_width_ << "; candidates "
      << view.candidates.size() << ", want " << candidates_width_;
  Ring& ring = rings_[user];
  ring.newest = ring.newest + 1 < length_ ? ring.newest + 1 : 0;
  ring.filled = std::min(ring.filled + 1, length_);
  float* entry = entries_.data() + (user * length_ + ring.newest) * entry_width_;
  entry = std::copy_n(view.observation.data(), user_width_, entry);
  entry = std::copy_n(view.candidates.data(), candidates_width_, entry);
  if (response_width_ == 0) return;
  if (response.empty()) {
    std::fill_n(entry, response_width_ + 1, 0.0f);
    return;
  }
  RECBOTS_CHECK(response.size() == response_width_) << "response " << response.size() << ", want " << response_width_;
  entry = std::copy_n(response.data(), response_width_, entry);
  *entry = 1.0f;
}

void FixedLengthHistory::Write(size_t user, absl::Span<float> statistics) const {
  const Ring& ring = rings_[user];
  float* out = statistics.data();
  for (size_t age = 0; age < ring.filled; ++age) {
    const size_t slot = ring.newest >= age ? ring.newest - age : ring.newest + length_ - age;
    out = std::copy_n(entries_.data() + (user * length_ + slot) * entry_width_, entry_width_, out);
  }
  out = std::fill_n(out, (length_ - ring.filled) * entry_width_, 0.0f);
  out = std::fill_n(out, ring.filled, 1.0f);
  std::fill_n(out, length_ - ring.filled, 0.0f);
}

}  // namespace recbots
