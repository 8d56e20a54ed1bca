#include "actor/loop/transition_packer.h"

#include <cmath>
#include <cstring>

#include "common/base/log.h"

namespace recbots {
namespace {

template <typename T>
void Put(char* to, T value) {
  std::memcpy(to, &value, sizeof(T));
}

}  // namespace

TransitionPacker::TransitionPacker(const RowSchema& schema, int num_users, const TransitionOptions& options)
    : row_bytes_(schema.row_bytes()),
      num_users_(static_cast<size_t>(num_users)),
      discount_(options.discount),
      n_step_(static_cast<size_t>(options.n_step)),
      next_slate_(options.next_slate) {
  RECBOTS_CHECK(options.n_step >= 1) << "n_step " << options.n_step;
  const auto place = [&schema](const char* name) {
    const int column = schema.Find(name);
    if (column < 0) return ColumnSpan();  // Nothing of that kind is seen: no values are copied either.
    const auto i = static_cast<size_t>(column);
    return ColumnSpan{schema.offset(i), schema.column_bytes(i)};
  };
  observation_ = place(transition::kObservation);
  next_observation_ = place(transition::kNextObservation);
  candidates_ = place(transition::kCandidates);
  next_candidates_ = place(transition::kNextCandidates);
  slate_ = place(transition::kSlate);
  next_slate_column_ = place(transition::kNextSlate);
  response_ = place(transition::kResponse);
  reward_ = place(transition::kReward);
  discount_column_ = place(transition::kDiscount);
  behaviour_probability_ = place(transition::kBehaviourProbability);
  weights_version_ = place(transition::kWeightsVersion);
  weights_updates_ = place(transition::kWeightsUpdates);
  collected_micros_ = place(transition::kCollectedMicros);
  RECBOTS_CHECK(next_slate_ == (next_slate_column_.bytes > 0)) << "next_slate " << next_slate_ << ", schema otherwise";
  for (size_t i = 0; i <= n_step_; ++i) discounts_.push_back(static_cast<float>(std::pow(discount_, i)));
  const bool rows_wait = n_step_ > 1 || next_slate_;
  rows_.resize(num_users_ * (rows_wait ? n_step_ + 1 : 1) * row_bytes_);
  if (!rows_wait) return;
  rings_.resize(num_users_);
  waiting_.resize(num_users_ * n_step_ * row_bytes_);
  rewards_.resize(num_users_ * n_step_);
}

absl::string_view TransitionPacker::Pack(const StepBuffer& step, const RowStamp& stamp) {
  if (rings_.empty()) {
    PackOneStep(step, stamp);
  } else {
    PackSteps(step, stamp);
  }
  return {rows_.data(), static_cast<size_t>(num_rows_) * row_bytes_};
}

template <typename T>
void TransitionPacker::Scatter(const ColumnSpan& column, const std::vector<T>& values) {
  if (column.bytes == 0) return;
  RECBOTS_CHECK(values.size() * sizeof(T) == num_users_ * column.bytes);
  const char* from = reinterpret_cast<const char*>(values.data());
  char* to = rows_.data() + column.offset;
  for (size_t i = 0; i < num_users_; ++i) {
    std::memcpy(to, from, column.bytes);
    from += column.bytes;
    to += row_bytes_;
  }
}

template <typename T>
void TransitionPacker::Fill(const ColumnSpan& column, T value) {
  char* to = rows_.data() + column.offset;
  for (size_t i = 0; i < num_users_; ++i, to += row_bytes_) Put(to, value);
}

// Nothing waits, so that columns are gone through one after the other.
void TransitionPacker::PackOneStep(const StepBuffer& step, const RowStamp& stamp) {
  Scatter(observation_, step.observation);
  Scatter(next_observation_, step.next_observation);
  Scatter(candidates_, step.candidates);
  Scatter(next_candidates_, step.next_candidates);
  Scatter(slate_, step.slates);
  Scatter(response_, step.response);
  Scatter(reward_, step.reward);
  Scatter(behaviour_probability_, step.behaviour_probability);
  Fill(weights_version_, stamp.weights_version);
  Fill(weights_updates_, stamp.weights_updates);
  Fill(collected_micros_, stamp.collected_micros);
  const float discount = discounts_[1];
  char* to = rows_.data() + discount_column_.offset;
  for (size_t i = 0; i < num_users_; ++i, to += row_bytes_) Put(to, step.terminated[i] != 0 ? 0.0f : discount);
  DropInactive(step.active);
}

void TransitionPacker::DropInactive(const std::vector<uint8_t>& active) {
  size_t kept = 0;
  for (size_t i = 0; i < num_users_; ++i) {
    if (active[i] == 0) continue;
    if (kept != i) std::memcpy(rows_.data() + kept * row_bytes_, rows_.data() + i * row_bytes_, row_bytes_);
    ++kept;
  }
  num_rows_ = static_cast<int>(kept);
}

void TransitionPacker::PackSteps(const StepBuffer& step, const RowStamp& stamp) {
  num_rows_ = 0;
  for (size_t i = 0; i < num_users_; ++i) {
    if (step.active[i] == 0) continue;  // Its rows went when its episode ended.
    const Ring& ring = rings_[i];
    // What the steps before led to is what this slate was chosen for.
    if (next_slate_ && ring.size == n_step_) Pop({step.observation, step.candidates, step.slates.data(), i, false});
    Push(i, step, stamp);
    const bool terminated = step.terminated[i] != 0;
    const bool over = terminated || step.truncated[i] != 0;
    const NextStep next = {step.next_observation, step.next_candidates, nullptr, i, terminated};
    while (over ? ring.size > 0 : !next_slate_ && ring.size == n_step_) Pop(next);
  }
}

int64_t TransitionPacker::DropWaiting() {
  int64_t dropped = 0;
  for (Ring& ring : rings_) {
    dropped += ring.size;
    ring = Ring();
  }
  return dropped;
}

template <typename T>
void TransitionPacker::CopyRow(const ColumnSpan& column, const std::vector<T>& values, size_t user, char* row) const {
  if (column.bytes == 0) return;
  std::memcpy(row + column.offset, reinterpret_cast<const char*>(values.data()) + user * column.bytes, column.bytes);
}

void TransitionPacker::Push(size_t user, const StepBuffer& step, const RowStamp& stamp) {
  Ring& ring = rings_[user];
  const size_t slot = user * n_step_ + (ring.first + ring.size++) % n_step_;
  rewards_[slot] = step.reward[user];
  char* const row = waiting_.data() + slot * row_bytes_;
  CopyRow(observation_, step.observation, user, row);
  CopyRow(candidates_, step.candidates, user, row);
  CopyRow(slate_, step.slates, user, row);
  CopyRow(response_, step.response, user, row);
  CopyRow(behaviour_probability_, step.behaviour_probability, user, row);
  Put(row + weights_version_.offset, stamp.weights_version);
  Put(row + weights_updates_.offset, stamp.weights_updates);
  Put(row + collected_micros_.offset, stamp.collected_micros);
}

void TransitionPacker::Pop(const NextStep& next) {
  const size_t user = next.user;
  Ring& ring = rings_[user];
  char* const row = rows_.data() + static_cast<size_t>(num_rows_++) * row_bytes_;
  std::memcpy(row, waiting_.data() + (user * n_step_ + ring.first) * row_bytes_, row_bytes_);
  CopyRow(next_observation_, next.observation, user, row);
  CopyRow(next_candidates_, next.candidates, user, row);
  Put(row + reward_.offset, DiscountedReward(user));
  Put(row + discount_column_.offset, next.terminated ? 0.0f : discounts_[ring.size]);
  const size_t slate_size = next_slate_column_.bytes / sizeof(int32_t);
  for (size_t k = 0; k < slate_size; ++k) {
    const int32_t item = next.slates == nullptr ? kNoItem : next.slates[user * slate_size + k];
    Put(row + next_slate_column_.offset + k * sizeof(int32_t), item);
  }
  ring.first = static_cast<uint32_t>((ring.first + 1) % n_step_);
  --ring.size;
}

float TransitionPacker::DiscountedReward(size_t user) const {
  const Ring& ring = rings_[user];
  double sum = 0;
  for (size_t i = ring.size; i-- > 0;) {
    sum = static_cast<double>(rewards_[user * n_step_ + (ring.first + i) % n_step_]) + discount_ * sum;
  }
  return static_cast<float>(sum);
}

}  // namespace recbots
