#include "common/algorithms/wolpertinger/fused_update.h"

#include <algorithm>
#include <cmath>

#include "common/algorithms/wolpertinger/unit_rows.h"

namespace recbots {
namespace {

size_t Padded(int n) { return static_cast<size_t>(PaddedSize(n)); }

// What x is multiplied with is never fused into a sum: the compiler is told not to (cmake/recbots.cmake).
float Square(float x) { return x * x; }

}  // namespace

FusedUpdate::FusedUpdate(const WolpertingerOptions& options, const WolpertingerMemory& online,
                         const WolpertingerMemory& target, const WolpertingerMemory& gradients)
    : options_(options),
      embedding_size_(static_cast<size_t>(options.shape.embedding_size)),
      online_memory_(online),
      target_memory_(target),
      gradients_(gradients),
      scorer_(options) {
  const WolpertingerShape& shape = options.shape;
  const int units = shape.hidden_units;
  const MlpSizes actor = {shape.num_user_features, units, units, shape.embedding_size};
  const MlpSizes critic = {shape.num_user_features + shape.embedding_size, units, units, 1};
  const auto items = static_cast<size_t>(shape.num_items);
  for (Networks* networks : {&online_, &target_}) {
    networks->actor = PackedMlp(actor, shape.num_user_features);
    for (int c = 0; c < num_critics(); ++c) networks->critics[c] = PackedMlp(critic, shape.num_user_features);
    networks->lengths.resize(items);
    networks->unit.resize(items * embedding_size_);
  }
  d_unit_.resize(items * embedding_size_);
}

void FusedUpdate::Resize(const Batch& batch) {
  const auto rows = static_cast<size_t>(batch.rows);
  if (rows == rows_) return;
  rows_ = rows;
  actor_.Resize(online_.actor.sizes, batch.rows);
  for (MlpRows* pass : {&critic_, &climb_}) pass->Resize(online_.critics[0].sizes, batch.rows);
  for (AlignedFloats& state : state_) state = AlignedFloats(rows * Padded(options_.shape.hidden_units));
  inputs_ = AlignedFloats(rows * Padded(online_.critics[0].sizes.inputs));
  for (AlignedFloats* outputs : {&outputs_, &d_outputs_, &d_action_}) {
    *outputs = AlignedFloats(rows * Padded(options_.shape.embedding_size));
  }
  for (std::vector<float>* points : {&proto_, &actions_, &d_proto_}) points->resize(rows * embedding_size_);
  for (std::vector<float>* column :
       {&proto_lengths_, &values_, &target_values_, &d_values_, &td_errors_[0], &td_errors_[1]}) {
    column->resize(rows);
  }
  best_.resize(rows);
}

void FusedUpdate::Pack(bool actor_is_due) {
  const bool retrieves = options_.shape.k < options_.shape.num_items;
  if (retrieves) target_.actor.Pack(target_memory_.actor);
  for (int c = 0; c < num_critics(); ++c) {
    target_.critics[c].Pack(target_memory_.critics[c]);
    online_.critics[c].Pack(online_memory_.critics[c]);
    online_.critics[c].PackBackward(online_memory_.critics[c]);
  }
  ScaleToUnit(target_memory_.embeddings, embedding_size_, embedding_size_, target_.lengths, target_.unit);
  ScaleToUnit(online_memory_.embeddings, embedding_size_, embedding_size_, online_.lengths, online_.unit);
  if (!actor_is_due) return;
  online_.actor.Pack(online_memory_.actor);
  online_.actor.PackBackward(online_memory_.actor);
}

void FusedUpdate::Run(const Batch& batch, uint64_t updates, bool actor_is_due) {
  updates_ = updates;
  Resize(batch);
  Pack(actor_is_due);
  ComputeTargets(batch);
  ComputeCritics(batch);
  if (actor_is_due) ComputeActor(batch);
}

void FusedUpdate::ComputeTargets(const Batch& batch) {
  const auto users = static_cast<size_t>(options_.shape.num_user_features);
  const bool retrieves = options_.shape.k < options_.shape.num_items;
  if (retrieves) {
    target_.actor.user.Apply(batch.next_observation, users, batch.rows, /*relu=*/true, actor_.hidden1.data());
    ForwardToOutputs(target_.actor, actor_, outputs_.data());
    ScaleToUnit(outputs_.data(), Padded(options_.shape.embedding_size), embedding_size_, proto_lengths_, proto_);
    if (options_.target_noise > 0) AddTargetNoise(batch);
  }
  target_.critics[0].user.Apply(batch.next_observation, users, batch.rows, /*relu=*/false, state_[0].data());
  scorer_.Score({.critic = target_.critics[0],
                 .embeddings = target_memory_.embeddings,
                 .unit = target_.unit.data(),
                 .proto = retrieves ? proto_.data() : nullptr,
                 .state = state_[0].data(),
                 .factors = batch.discount,
                 .draw = Draw::kTargetCandidates,
                 .updates = updates_,
                 .first_row = batch.first_row},
                absl::MakeSpan(best_), absl::MakeSpan(target_values_));
  if (options_.twin_critics) LowerTargets(batch);
  for (size_t row = 0; row < rows_; ++row) {
    target_values_[row] =
        batch.discount[row] == 0 ? batch.reward[row] : batch.reward[row] + batch.discount[row] * target_values_[row];
  }
}

void FusedUpdate::AddTargetNoise(const Batch& batch) {
  float* value = proto_.data();
  for (size_t row = 0; row < rows_; ++row) {
    Rng rng = RowDraws(options_.seed, updates_, Draw::kNoise, batch.first_row + static_cast<int64_t>(row));
    for (size_t i = 0; i < embedding_size_; ++i) {
      const double draw = options_.target_noise * rng.Normal();
      *value++ += static_cast<float>(std::clamp(draw, -options_.target_noise_clip, options_.target_noise_clip));
    }
  }
  ScaleToUnit(proto_.data(), embedding_size_, embedding_size_, proto_lengths_, proto_);
}

// The smaller of the first critic's value and the second's of the same item.
void FusedUpdate::LowerTargets(const Batch& batch) {
  const PackedMlp& critic = target_.critics[1];
  for (size_t row = 0; row < rows_; ++row) {
    const size_t item = best_[row] < 0 ? 0 : static_cast<size_t>(best_[row]);
    std::copy_n(&target_.unit[item * embedding_size_], embedding_size_, &actions_[row * embedding_size_]);
  }
  critic.user.Apply(batch.next_observation, static_cast<size_t>(options_.shape.num_user_features), batch.rows,
                    /*relu=*/false, state_[1].data());
  critic.action.ApplyOnto(actions_.data(), embedding_size_, batch.rows, state_[1].data(), critic_.hidden1.data());
  ForwardToValues(critic, critic_, values_.data());
  for (size_t row = 0; row < rows_; ++row) {
    if (values_[row] < target_values_[row] || std::isnan(values_[row])) target_values_[row] = values_[row];
  }
}

void FusedUpdate::ComputeCritics(const Batch& batch) {
  const auto users = static_cast<size_t>(options_.shape.num_user_features);
  const size_t width = Padded(online_.critics[0].sizes.inputs);
  for (size_t row = 0; row < rows_; ++row) {
    const float* action = &online_.unit[static_cast<size_t>(batch.items[row]) * embedding_size_];
    std::copy_n(batch.observation + row * users, users, inputs_.data() + row * width);
    std::copy_n(action, embedding_size_, inputs_.data() + row * width + users);
  }
  std::fill(d_unit_.begin(), d_unit_.end(), 0.0f);
  critic_loss_ = 0;
  for (int c = 0; c < num_critics(); ++c) AddCritic(batch, static_cast<size_t>(c));
  ScaleToUnitBackward(online_.lengths, online_.unit, d_unit_, gradients_.embeddings, embedding_size_, embedding_size_);
}

// Of the mean squared error of critic c; its part of the embeddings' gradient is added to d_unit_.
void FusedUpdate::AddCritic(const Batch& batch, size_t c) {
  const PackedMlp& critic = online_.critics[c];
  const auto users = static_cast<size_t>(options_.shape.num_user_features);
  const size_t width = Padded(critic.sizes.inputs);
  critic.user.Apply(inputs_.data(), width, batch.rows, /*relu=*/false, state_[c].data());
  critic.action.ApplyOnto(inputs_.data() + users, width, batch.rows, state_[c].data(), critic_.hidden1.data());
  ForwardToValues(critic, critic_, values_.data());
  const float scale = 1.0f / static_cast<float>(rows_);
  double loss = 0;
  for (size_t row = 0; row < rows_; ++row) {
    const float weight = batch.weights == nullptr ? scale : scale * batch.weights[row];
    td_errors_[c][row] = values_[row] - target_values_[row];
    d_values_[row] = 2 * weight * td_errors_[c][row];
    loss += double{weight} * double{Square(td_errors_[c][row])};
  }
  critic_loss_ += loss;
  BackwardFromValues(critic, d_values_.data(), critic_);
  MlpGradients(critic_, {d_values_.data(), 1, batch.rows}, {inputs_.data(), width, batch.rows}, gradients_.critics[c]);
  critic.action_back.Apply(critic_.d_z1.data(), Padded(critic.sizes.hidden1), batch.rows, /*relu=*/false,
                           d_action_.data());
  const auto padded = static_cast<size_t>(critic.action_back.padded_outputs());
  for (size_t row = 0; row < rows_; ++row) {
    float* d_unit = &d_unit_[static_cast<size_t>(batch.items[row]) * embedding_size_];
    for (size_t e = 0; e < embedding_size_; ++e) d_unit[e] += d_action_[row * padded + e];
  }
}

void FusedUpdate::ComputeActor(const Batch& batch) {
  const PackedMlp& actor = online_.actor;
  const size_t width = Padded(online_.critics[0].sizes.inputs), padded = Padded(options_.shape.embedding_size);
  actor.user.Apply(inputs_.data(), width, batch.rows, /*relu=*/true, actor_.hidden1.data());
  ForwardToOutputs(actor, actor_, outputs_.data());
  ScaleToUnit(outputs_.data(), padded, embedding_size_, proto_lengths_, proto_);
  std::fill(d_proto_.begin(), d_proto_.end(), 0.0f);
  actor_loss_ = 0;
  if (options_.actor_objective != ActorObjective::kRegressToBest) AddClimb();
  if (options_.actor_objective != ActorObjective::kClimbCritic) AddRegression(batch);
  ScaleToUnitBackward(proto_lengths_, proto_, d_proto_, d_outputs_.data(), padded, embedding_size_);
  BackwardFromOutputs(actor, d_outputs_.data(), actor_);
  MlpGradients(actor_, {d_outputs_.data(), padded, batch.rows}, {inputs_.data(), width, batch.rows}, gradients_.actor);
}

void FusedUpdate::AddClimb() {
  const PackedMlp& critic = online_.critics[0];
  const int rows = static_cast<int>(rows_);
  critic.action.ApplyOnto(proto_.data(), embedding_size_, rows, state_[0].data(), climb_.hidden1.data());
  ForwardToValues(critic, climb_, values_.data());
  double sum = 0;
  for (const float value : values_) sum += double{value};
  actor_loss_ -= sum / rows;
  std::fill(d_values_.begin(), d_values_.end(), -1.0f / static_cast<float>(rows));
  BackwardFromValues(critic, d_values_.data(), climb_);
  critic.action_back.Apply(climb_.d_z1.data(), Padded(critic.sizes.hidden1), rows, /*relu=*/false, d_action_.data());
  const auto padded = static_cast<size_t>(critic.action_back.padded_outputs());
  for (size_t row = 0; row < rows_; ++row) {
    std::copy_n(d_action_.data() + row * padded, embedding_size_, &d_proto_[row * embedding_size_]);
  }
}

// The best candidate is a constant: no gradient goes through the choice or into its embedding.
void FusedUpdate::AddRegression(const Batch& batch) {
  scorer_.Score({.critic = online_.critics[0],
                 .embeddings = online_memory_.embeddings,
                 .unit = online_.unit.data(),
                 .proto = proto_.data(),
                 .state = state_[0].data(),
                 .factors = nullptr,
                 .draw = Draw::kCandidates,
                 .updates = updates_,
                 .first_row = batch.first_row},
                absl::MakeSpan(best_), absl::MakeSpan(values_));
  const float scale = 2.0f / static_cast<float>(rows_);
  double sum = 0;
  for (size_t row = 0; row < rows_; ++row) {
    const float* best = &online_.unit[static_cast<size_t>(best_[row]) * embedding_size_];
    for (size_t i = row * embedding_size_; i < (row + 1) * embedding_size_; ++i) {
      const float distance = proto_[i] - *best++;
      d_proto_[i] += scale * distance;
      sum += double{Square(distance)};
    }
  }
  actor_loss_ += sum / static_cast<double>(rows_);
}

}  // namespace recbots
