#include "actor/loop/transition_packer.h"

#include <cstring>

#include "common/base/log.h"
#include "common/rl/transition.h"

namespace recbots {

TransitionPacker::TransitionPacker(const RowSchema& schema, int num_users, double discount)
    : row_bytes_(schema.row_bytes()),
      num_users_(static_cast<size_t>(num_users)),
      discount_(static_cast<float>(discount)),
      rows_(num_users_ * row_bytes_) {
  const auto place = [&schema](const char* name) {
    const int column = schema.Find(name);
    if (column < 0) return Place();  // Nothing of that kind is seen: no values are scattered either.
    const auto i = static_cast<size_t>(column);
    return Place{schema.offset(i), schema.column_bytes(i)};
  };
  observation_ = place(transition::kObservation);
  next_observation_ = place(transition::kNextObservation);
  candidates_ = place(transition::kCandidates);
  next_candidates_ = place(transition::kNextCandidates);
  slate_ = place(transition::kSlate);
  response_ = place(transition::kResponse);
  reward_ = place(transition::kReward);
  discount_place_ = place(transition::kDiscount);
  behaviour_probability_ = place(transition::kBehaviourProbability);
  weights_version_ = place(transition::kWeightsVersion);
  weights_updates_ = place(transition::kWeightsUpdates);
  collected_micros_ = place(transition::kCollectedMicros);
}

template <typename T>
void TransitionPacker::Scatter(const Place& place, const std::vector<T>& values) {
  RECBOTS_CHECK(values.size() * sizeof(T) == num_users_ * place.bytes);
  if (place.bytes == 0) return;
  const char* from = reinterpret_cast<const char*>(values.data());
  char* to = rows_.data() + place.offset;
  for (size_t i = 0; i < num_users_; ++i) {
    std::memcpy(to, from, place.bytes);
    from += place.bytes;
    to += row_bytes_;
  }
}

template <typename T>
void TransitionPacker::Fill(const Place& place, T value) {
  char* to = rows_.data() + place.offset;
  for (size_t i = 0; i < num_users_; ++i, to += row_bytes_) std::memcpy(to, &value, sizeof(T));
}

absl::string_view TransitionPacker::Pack(const StepBuffer& step, const StepStamp& stamp) {
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
  char* to = rows_.data() + discount_place_.offset;
  for (size_t i = 0; i < num_users_; ++i, to += row_bytes_) {
    const float discount = step.terminated[i] != 0 ? 0.0f : discount_;
    std::memcpy(to, &discount, sizeof(discount));
  }
  DropInactive(step.active);
  return {rows_.data(), static_cast<size_t>(num_rows_) * row_bytes_};
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

}  // namespace recbots
