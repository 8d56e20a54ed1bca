// Turns the scalar description of one user into a batch of users: scalar authoring, batched execution.
//
// A scenario's author writes a Model: an immutable class, used by all environments of the scenario and by several
// threads at once, with
//
//   struct User     hidden state of one user, candidates included where they differ from user to user; a value type
//                   that owns no memory
//   struct Response what the user did with a slate
//   const EnvironmentSpec& spec() const
//   User SampleUser(Rng& draws) const                                            purpose kUser
//   Response Respond(const User&, const int32_t* slate, Rng& draws) const        purpose kChoice; slate: [K]
//   void Update(const int32_t* slate, const Response&, Rng& draws, User&) const  purpose kTransition
//   bool IsTerminal(const User&) const                                           has the user left for good?
//   float Reward(const Response&) const
//   void WriteResponse(const Response&, float* fields) const                     [K, R], every one of them
//   void WriteObservation(const User&, float* features) const                    [U], found filled with zeros
//
// and gets B of them, stepped together, with new episodes, truncation and random streams. Each draw is a function of
// (seed, purpose, stream, episode, step), so an episode does not depend on the batch it is played in.
#pragma once

#include <algorithm>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/log.h"
#include "common/base/random_batch.h"
#include "common/base/status_macros.h"
#include "common/rl/environment.h"

namespace recbots {

// See Environment for what it promises. Step costs no allocation and goes through the batch in chunks that stay in the
// first-level cache.
template <typename Model>
class BatchEnvironment final : public Environment {
 public:
  // num_users >= 1. Users play the streams first_stream .. first_stream + num_users - 1.
  BatchEnvironment(std::shared_ptr<const Model> model, uint64_t seed, int num_users, uint32_t first_stream)
      : model_(std::move(model)),
        seed_(seed),
        max_steps_(model_->spec().max_episode_steps > 0 ? static_cast<uint32_t>(model_->spec().max_episode_steps)
                                                        : std::numeric_limits<uint32_t>::max()) {
    RECBOTS_CHECK(num_users >= 1) << "num_users " << num_users << ", want at least 1";
    users_.resize(static_cast<size_t>(num_users));
    positions_.resize(users_.size());
    for (size_t i = 0; i < users_.size(); ++i) positions_[i].stream = first_stream + static_cast<uint32_t>(i);
  }

  const EnvironmentSpec& spec() const override { return model_->spec(); }
  int num_users() const override { return static_cast<int>(users_.size()); }
  absl::Span<const StreamPosition> positions() const override { return positions_; }

  void Reset(absl::Span<float> observation) override {
    RECBOTS_CHECK(observation.size() == users_.size() * num_features()) << "observation " << observation.size();
    for (StreamPosition& position : positions_) {
      position.episode += started_ ? 1 : 0;
      position.step = 0;
    }
    started_ = true;
    for (size_t begin = 0; begin < users_.size(); begin += BlockBatch::kCapacity) {
      const size_t n = std::min(BlockBatch::kCapacity, users_.size() - begin);
      for (size_t i = 0; i < n; ++i) starting_[i] = static_cast<uint32_t>(begin + i);
      StartEpisodes(n, observation.data());
    }
  }

  // FAILED_PRECONDITION before the first Reset; otherwise as Environment says.
  absl::Status Step(absl::Span<const int32_t> slates, const StepColumns& out) override {
    if (!started_) return absl::FailedPreconditionError("step: no episode has begun, call Reset first");
    RECBOTS_RETURN_IF_ERROR(CheckColumns(out));
    RECBOTS_RETURN_IF_ERROR(CheckSlates(slates));
    for (size_t begin = 0; begin < users_.size(); begin += BlockBatch::kCapacity) {
      StepChunk(begin, std::min(BlockBatch::kCapacity, users_.size() - begin), slates.data(), out);
    }
    return absl::OkStatus();
  }

 private:
  size_t num_features() const { return static_cast<size_t>(spec().num_user_features); }
  size_t slate_size() const { return static_cast<size_t>(spec().slate_size); }
  size_t response_size() const { return slate_size() * spec().response_fields.size(); }

  static absl::Status CheckLength(const char* name, size_t length, size_t want) {
    if (length == want) return absl::OkStatus();
    return absl::InvalidArgumentError(absl::StrCat("step: ", name, " has ", length, " elements, want ", want));
  }

  absl::Status CheckColumns(const StepColumns& out) const {
    const size_t b = users_.size();
    RECBOTS_RETURN_IF_ERROR(CheckLength("response", out.response.size(), b * response_size()));
    RECBOTS_RETURN_IF_ERROR(CheckLength("reward", out.reward.size(), b));
    RECBOTS_RETURN_IF_ERROR(CheckLength("terminated", out.terminated.size(), b));
    RECBOTS_RETURN_IF_ERROR(CheckLength("truncated", out.truncated.size(), b));
    RECBOTS_RETURN_IF_ERROR(CheckLength("next_observation", out.next_observation.size(), b * num_features()));
    return CheckLength("observation", out.observation.size(), b * num_features());
  }

  absl::Status CheckSlates(absl::Span<const int32_t> slates) const {
    RECBOTS_RETURN_IF_ERROR(CheckLength("slates", slates.size(), users_.size() * slate_size()));
    const auto bound = static_cast<uint32_t>(spec().num_candidates);
    uint32_t out_of_range = 0;  // Without a branch, so that all slates cost little more than one.
    for (const int32_t position : slates) out_of_range |= static_cast<uint32_t>(position) >= bound ? 1U : 0U;
    if (out_of_range == 0) return absl::OkStatus();
    const auto bad = std::find_if(slates.begin(), slates.end(),
                                  [bound](int32_t position) { return static_cast<uint32_t>(position) >= bound; });
    const auto user = static_cast<size_t>(bad - slates.begin()) / slate_size();
    return absl::InvalidArgumentError(
        absl::StrCat("step: slate of user ", user, " names position ", *bad, ", want 0..", bound - 1));
  }

  // Users begin .. begin + n - 1. Columns are handed over as plain pointers: what a model writes through them cannot
  // change where they point, which the compiler could not know of members.
  void StepChunk(size_t begin, size_t n, const int32_t* all_slates, const StepColumns& out) {
    const Model& model = *model_;
    const size_t k = slate_size();
    const size_t fields = response_size();
    const size_t features = num_features();
    const uint64_t seed = seed_;
    const uint32_t last_step = max_steps_ - 1;
    typename Model::User* const users = users_.data() + begin;
    StreamPosition* const positions = positions_.data() + begin;
    const int32_t* const slates = all_slates + begin * k;
    float* const response = out.response.data() + begin * fields;
    float* const reward = out.reward.data() + begin;
    uint8_t* const terminated = out.terminated.data() + begin;
    uint8_t* const truncated = out.truncated.data() + begin;
    float* const next_observation = out.next_observation.data() + begin * features;
    uint32_t* const starting = starting_.data();
    size_t num_starting = 0;

    choice_.Fill(seed, Purpose::kChoice, {positions, n});
    transition_.Fill(seed, Purpose::kTransition, {positions, n});
    std::fill_n(next_observation, n * features, 0.0f);
    for (size_t i = 0; i < n; ++i) {
      const StreamPosition position = positions[i];
      Rng choice(seed, Purpose::kChoice, position, choice_.block(i));
      Rng transition(seed, Purpose::kTransition, position, transition_.block(i));
      const typename Model::Response answer = model.Respond(users[i], slates + i * k, choice);
      model.Update(slates + i * k, answer, transition, users[i]);
      model.WriteResponse(answer, response + i * fields);
      model.WriteObservation(users[i], next_observation + i * features);
      reward[i] = model.Reward(answer);
      const bool left = model.IsTerminal(users[i]);
      const bool cut = !left && position.step == last_step;
      terminated[i] = left;
      truncated[i] = cut;
      starting[num_starting] = static_cast<uint32_t>(begin + i);
      num_starting += left || cut ? 1 : 0;
      positions[i].step = position.step + 1;
    }
    std::copy_n(next_observation, n * features, out.observation.data() + begin * features);
    for (size_t i = 0; i < num_starting; ++i) {
      StreamPosition& position = positions_[starting[i]];
      position = {position.stream, position.episode + 1, 0};
    }
    StartEpisodes(num_starting, out.observation.data());
  }

  // Draws a new user for each of the first n of starting_, at the position where that user's stream stands.
  void StartEpisodes(size_t n, float* observation) {
    const size_t features = num_features();
    for (size_t i = 0; i < n; ++i) starting_positions_[i] = positions_[starting_[i]];
    user_.Fill(seed_, Purpose::kUser, {starting_positions_.data(), n});
    for (size_t i = 0; i < n; ++i) {
      Rng draws(seed_, Purpose::kUser, starting_positions_[i], user_.block(i));
      float* const row = observation + starting_[i] * features;
      std::fill_n(row, features, 0.0f);
      users_[starting_[i]] = model_->SampleUser(draws);
      model_->WriteObservation(users_[starting_[i]], row);
    }
  }

  const std::shared_ptr<const Model> model_;
  const uint64_t seed_;
  const uint32_t max_steps_;
  bool started_ = false;
  std::vector<typename Model::User> users_;
  std::vector<StreamPosition> positions_;

  // Scratch of one chunk. starting_ has room for one more: the loop writes ahead of its count.
  BlockBatch choice_;
  BlockBatch transition_;
  BlockBatch user_;
  std::array<uint32_t, BlockBatch::kCapacity + 1> starting_;
  std::array<StreamPosition, BlockBatch::kCapacity> starting_positions_;
};

}  // namespace recbots
