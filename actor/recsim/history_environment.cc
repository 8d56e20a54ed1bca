#include "actor/recsim/history_environment.h"

#include <algorithm>
#include <utility>

#include "actor/recsim/check_step.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"

namespace recbots {

HistoryEnvironment::HistoryEnvironment(std::unique_ptr<Environment> inner, History history)
    : inner_(std::move(inner)),
      history_(std::move(history)),
      spec_(SpecWithHistory(inner_->spec(), history_)),
      num_users_(static_cast<size_t>(inner_->num_users())),
      num_features_(static_cast<size_t>(inner_->spec().num_user_features)),
      width_(static_cast<size_t>(spec_.num_user_features)),
      candidates_width_(static_cast<size_t>(spec_.num_candidates) * static_cast<size_t>(spec_.num_candidate_features)),
      slate_size_(static_cast<size_t>(spec_.slate_size)),
      response_width_(slate_size_ * spec_.response_fields.size()),
      observation_(num_users_ * num_features_),
      next_observation_(observation_.size()) {
  if (history_.shows_candidates) next_candidates_.resize(num_users_ * candidates_width_);
  for (const auto& statistics : history_.parts) statistics->Reserve(num_users_);
}

void HistoryEnvironment::Reset(absl::Span<float> observation, absl::Span<float> candidates) {
  RECBOTS_CHECK(observation.size() == num_users_ * width_) << "observation " << observation.size();
  inner_->Reset(absl::MakeSpan(observation_), candidates);
  BeginAll(observation, candidates);
}

void HistoryEnvironment::BeginAll(absl::Span<float> observation, absl::Span<const float> candidates) {
  for (size_t i = 0; i < num_users_; ++i) {
    Begin(i, candidates);
    Write(i, observation_, observation);
  }
}

absl::Status HistoryEnvironment::Step(absl::Span<const int32_t> slates, const StepColumns& out) {
  RECBOTS_RETURN_IF_ERROR(CheckColumns(spec_, num_users_, out));
  const StepColumns inner = InnerColumns(out);
  if (const absl::Status stepped = inner_->Step(slates, inner); !stepped.ok()) {
    if (absl::IsAborted(stepped)) BeginAll(out.observation, out.candidates);
    return stepped;
  }
  Finish(slates, out, inner);
  return absl::OkStatus();
}

absl::Status HistoryEnvironment::StepSome(absl::Span<const int32_t> slates, const StepWaits& waits,
                                          const StepColumns& out) {
  RECBOTS_RETURN_IF_ERROR(CheckColumns(spec_, num_users_, out));
  StepColumns with_active = out;
  if (out.active.empty()) {
    active_.resize(num_users_);
    with_active.active = absl::MakeSpan(active_);
  }
  const StepColumns inner = InnerColumns(with_active);
  RECBOTS_RETURN_IF_ERROR(inner_->StepSome(slates, waits, inner));
  Finish(slates, with_active, inner);
  return absl::OkStatus();
}

absl::Status HistoryEnvironment::ResetSome(absl::Span<const uint8_t> mask, absl::Span<float> observation,
                                           absl::Span<float> candidates) {
  RECBOTS_RETURN_IF_ERROR(CheckReset(spec_, num_users_, observation.size(), candidates.size()));
  RECBOTS_RETURN_IF_ERROR(inner_->ResetSome(mask, absl::MakeSpan(observation_), candidates));
  for (size_t i = 0; i < num_users_; ++i) {
    if (mask[i] == 0) continue;
    Begin(i, candidates);
    Write(i, observation_, observation);
  }
  return absl::OkStatus();
}

StepColumns HistoryEnvironment::InnerColumns(const StepColumns& out) {
  StepColumns inner = out;
  inner.observation = absl::MakeSpan(observation_);
  inner.next_observation = absl::MakeSpan(next_observation_);
  if (out.next_candidates.empty()) inner.next_candidates = absl::MakeSpan(next_candidates_);
  return inner;
}

void HistoryEnvironment::Finish(absl::Span<const int32_t> slates, const StepColumns& out, const StepColumns& inner) {
  // Traces keep candidates only to look slates up: where an episode goes on, both are the same.
  const absl::Span<const float> next = inner.next_candidates.empty() ? inner.candidates : inner.next_candidates;
  for (size_t i = 0; i < num_users_; ++i) StepUser(i, slates, out, next);
}

void HistoryEnvironment::TransferState(StateArchive& archive) {
  inner_->TransferState(archive);
  archive.Values("observation without history", observation_);
  for (const auto& statistics : history_.parts) statistics->TransferState(archive);
}

void HistoryEnvironment::StepUser(size_t user, absl::Span<const int32_t> slates, const StepColumns& out,
                                  absl::Span<const float> next) {
  if (out.active.empty() || out.active[user] != 0) {
    const UserStep step = {slates.subspan(user * slate_size_, slate_size_),
                           out.response.subspan(user * response_width_, response_width_)};
    const UserView view = {absl::MakeConstSpan(next_observation_).subspan(user * num_features_, num_features_),
                           next.subspan(user * candidates_width_, candidates_width_)};
    for (const auto& statistics : history_.parts) statistics->Add(user, step, view);
  }
  const bool wants_next = !out.next_observation.empty();
  if (inner_->positions()[user].step == 0) {  // A new episode has begun.
    if (wants_next) Write(user, next_observation_, out.next_observation);
    Begin(user, out.candidates);
    Write(user, observation_, out.observation);
    return;
  }
  Write(user, observation_, out.observation);
  if (!wants_next) return;
  // The statistics are the same.
  std::copy_n(out.observation.data() + user * width_, width_, out.next_observation.data() + user * width_);
  std::copy_n(next_observation_.data() + user * num_features_, num_features_,
              out.next_observation.data() + user * width_);
}

void HistoryEnvironment::Begin(size_t user, absl::Span<const float> candidates) {
  const UserView view = {absl::MakeConstSpan(observation_).subspan(user * num_features_, num_features_),
                         candidates.subspan(user * candidates_width_, candidates_width_)};
  for (const auto& statistics : history_.parts) statistics->Begin(user, view);
}

void HistoryEnvironment::Write(size_t user, const std::vector<float>& features, absl::Span<float> out) const {
  float* row = std::copy_n(features.data() + user * num_features_, num_features_, out.data() + user * width_);
  for (const auto& statistics : history_.parts) {
    const auto width = static_cast<size_t>(statistics->width());
    statistics->Write(user, absl::MakeSpan(row, width));
    row += width;
  }
}

}  // namespace recbots
