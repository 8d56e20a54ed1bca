// Turns the scalar description of one user (model.h) into a batch of users: scalar authoring, batched execution. Adds
// new episodes, truncation, candidates, sessions and random streams. Each draw is a function of (seed, purpose, stream,
// episode, step), so an episode does not depend on the batch it is played in.
#pragma once

#include <algorithm>
#include <array>
#include <limits>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include "actor/recsim/candidates.h"
#include "actor/recsim/check_step.h"
#include "actor/recsim/model.h"
#include "actor/recsim/slate.h"
#include "common/base/log.h"
#include "common/base/random_batch.h"
#include "common/base/status_macros.h"
#include "common/rl/environment.h"

namespace recbots {

// See Environment for what it promises. Step costs no allocation and goes through the batch in chunks that stay near
// the core.
template <typename Model>
class BatchEnvironment final : public Environment {
 public:
  // `spec` is the model's, users_per_session M filled in; num_users is a multiple of M, at least M. Users play the
  // streams first_stream .. first_stream + num_users - 1; first_stream is a multiple of M too, so that sessions are the
  // same in every batch.
  BatchEnvironment(std::shared_ptr<const Model> model, EnvironmentSpec spec, uint64_t seed, int num_users,
                   uint32_t first_stream)
      : model_(std::move(model)),
        spec_(std::move(spec)),
        seed_(seed),
        session_(static_cast<size_t>(spec_.users_per_session)),
        chunk_(BlockBatch::kCapacity / session_ * session_),
        max_steps_(spec_.max_episode_steps > 0 ? static_cast<uint32_t>(spec_.max_episode_steps)
                                               : std::numeric_limits<uint32_t>::max()),
        candidates_(*model_, spec_, seed, num_users) {
    RECBOTS_CHECK(num_users >= 1) << "num_users " << num_users << ", want at least 1";
    RECBOTS_CHECK(num_users % spec_.users_per_session == 0 && first_stream % session_ == 0)
        << "num_users " << num_users << " and first_stream " << first_stream << ", want multiples of users_per_session "
        << session_;
    users_.resize(static_cast<size_t>(num_users));
    gone_.resize(users_.size());
    positions_.resize(users_.size());
    for (size_t i = 0; i < users_.size(); ++i) positions_[i].stream = first_stream + static_cast<uint32_t>(i);
  }

  const EnvironmentSpec& spec() const override { return spec_; }
  int num_users() const override { return static_cast<int>(users_.size()); }
  absl::Span<const StreamPosition> positions() const override { return positions_; }

  void Reset(absl::Span<float> observation, absl::Span<float> candidates) override {
    RECBOTS_CHECK(observation.size() == users_.size() * num_features()) << "observation " << observation.size();
    RECBOTS_CHECK(candidates.size() == users_.size() * candidates_.row_size()) << "candidates " << candidates.size();
    for (StreamPosition& position : positions_) {
      position.episode += started_ ? 1 : 0;
      position.step = 0;
    }
    started_ = true;
    for (size_t begin = 0; begin < users_.size(); begin += chunk_) {
      const size_t n = std::min(chunk_, users_.size() - begin);
      for (size_t i = 0; i < n; ++i) starting_[i] = static_cast<uint32_t>(begin + i);
      StartEpisodes(n, observation.data(), candidates.data());
    }
  }

  // FAILED_PRECONDITION before the first Reset; otherwise as Environment says.
  absl::Status Step(absl::Span<const int32_t> slates, const StepColumns& out) override {
    if (may_wait_) return StepSome(slates, {}, out);
    RECBOTS_RETURN_IF_ERROR(CheckStep(slates, out));
    for (size_t begin = 0; begin < users_.size(); begin += chunk_) {
      const size_t n = std::min(chunk_, users_.size() - begin);
      if (session_ == 1) {
        StepChunk<false>(begin, n, slates.data(), out);
      } else {
        StepChunk<true>(begin, n, slates.data(), out);
      }
    }
    return absl::OkStatus();
  }

  absl::Status StepSome(absl::Span<const int32_t> slates, const StepWaits& waits, const StepColumns& out) override {
    RECBOTS_RETURN_IF_ERROR(CheckStep(slates, out));
    if (!waits.hold.empty()) RECBOTS_RETURN_IF_ERROR(CheckMask(spec_, users_.size(), "hold", waits.hold));
    may_wait_ |= !waits.auto_start;
    waits_.resize(users_.size());
    active_.resize(users_.size());
    StepColumns columns = out;
    if (columns.active.empty()) columns.active = absl::MakeSpan(active_);
    for (size_t begin = 0; begin < users_.size(); begin += chunk_) {
      StepChunkOfSome(begin, std::min(chunk_, users_.size() - begin), slates.data(), waits, columns);
    }
    return absl::OkStatus();
  }

  absl::Status ResetSome(absl::Span<const uint8_t> mask, absl::Span<float> observation,
                         absl::Span<float> candidates) override {
    RECBOTS_RETURN_IF_ERROR(CheckMask(spec_, users_.size(), "mask", mask));
    RECBOTS_RETURN_IF_ERROR(CheckReset(spec_, users_.size(), observation.size(), candidates.size()));
    if (!started_) {
      if (std::find(mask.begin(), mask.end(), 0) != mask.end()) {
        return absl::FailedPreconditionError("reset: no episode has begun, reset all users first");
      }
      Reset(observation, candidates);
      return absl::OkStatus();
    }
    for (size_t begin = 0; begin < users_.size(); begin += chunk_) {
      const size_t end = std::min(begin + chunk_, users_.size());
      size_t n = 0;
      for (size_t i = begin; i < end; ++i) {
        if (mask[i] == 0) continue;
        starting_[n++] = static_cast<uint32_t>(i);
        positions_[i] = {positions_[i].stream, positions_[i].episode + 1, 0};
      }
      StartEpisodes(n, observation.data(), candidates.data());
    }
    return absl::OkStatus();
  }

  void TransferState(StateArchive& archive) override {
    archive.Value("started", started_);
    archive.Values("users", users_);
    archive.Values("gone", gone_);
    archive.Values("positions", positions_);
    candidates_.TransferState(archive);
    may_wait_ = AnyoneWaits();
  }

 private:
  using Document = typename Candidates<Model>::Document;

  size_t num_features() const { return static_cast<size_t>(spec_.num_user_features); }
  size_t response_size() const { return static_cast<size_t>(spec_.slate_size) * spec_.response_fields.size(); }

  absl::Status CheckStep(absl::Span<const int32_t> slates, const StepColumns& out) const {
    if (!started_) return absl::FailedPreconditionError("step: no episode has begun, call Reset first");
    RECBOTS_RETURN_IF_ERROR(CheckColumns(spec_, users_.size(), out));
    return CheckSlates(spec_, users_.size(), slates);
  }

  // Whether the episode of the session whose first user is `first` has ended and no new one has begun.
  bool SessionIsOver(size_t first) const {
    const auto here = gone_.begin() + static_cast<std::ptrdiff_t>(first);
    const auto end = here + static_cast<std::ptrdiff_t>(session_);
    return std::find(here, end, 0) == end;
  }

  bool AnyoneWaits() const {
    for (size_t first = 0; first < users_.size(); first += session_) {
      if (SessionIsOver(first)) return true;
    }
    return false;
  }

  // Users begin .. begin + n - 1: whole sessions.
  template <bool kSessions>
  void StepChunk(size_t begin, size_t n, const int32_t* all_slates, const StepColumns& out) {
    size_t num_starting = Respond<kSessions>(begin, n, all_slates, out);
    if (kSessions) num_starting = EndSessions(begin, n);
    WriteStep(begin, n, out);
    BeginNextEpisodes(num_starting, out);
  }

  // StepChunk where users may wait: for the loop they have left and wait for their session, and then they get back what
  // they had. They draw no candidates, because those of the position at which they stand are drawn again.
  void StepChunkOfSome(size_t begin, size_t n, const int32_t* all_slates, const StepWaits& waits,
                       const StepColumns& out) {
    for (size_t first = begin; first < begin + n; first += session_) {
      const bool is_over = SessionIsOver(first);
      const bool wait = is_over || (!waits.hold.empty() && waits.hold[first] != 0);
      for (size_t i = first; i < first + session_; ++i) {
        waits_[i] = wait ? uint8_t{1} : uint8_t{0};
        held_gone_[i - begin] = gone_[i];
        gone_[i] |= waits_[i];
      }
    }
    Respond<true>(begin, n, all_slates, out);
    size_t num_starting = 0;
    for (size_t first = begin; first < begin + n; first += session_) {
      const bool starts = waits.auto_start && waits_[first] == 0 && SessionIsOver(first);
      for (size_t i = first; i < first + session_; ++i) {
        if (waits_[i] != 0) {
          gone_[i] = held_gone_[i - begin];
          --positions_[i].step;
        }
        if (starts) starting_[num_starting++] = static_cast<uint32_t>(i);
      }
    }
    WriteStep(begin, n, out);
    BeginNextEpisodes(num_starting, out);
  }

  // Writes what the step led to, for users begin .. begin + n - 1.
  void WriteStep(size_t begin, size_t n, const StepColumns& out) {
    const size_t features = num_features();

    float* const observation = out.observation.data() + begin * features;
    if (features > 0) {
      std::fill_n(observation, n * features, 0.0f);
      for (size_t i = 0; i < n; ++i) model_->WriteObservation(users_[begin + i], observation + i * features);
      if (!out.next_observation.empty()) {
        std::copy_n(observation, n * features, out.next_observation.data() + begin * features);
      }
    }
    candidates_.Refresh(*model_, users_.data(), positions_.data(), begin, n);
    candidates_.Write(*model_, begin, n, out.candidates.data());
    if (!out.next_candidates.empty()) {
      std::copy_n(out.candidates.data() + begin * candidates_.row_size(), n * candidates_.row_size(),
                  out.next_candidates.data() + begin * candidates_.row_size());
    }
  }

  // Shows the slates and moves the users; lists in starting_ those whose episode ended, and returns their number (where
  // users are alone). Columns are handed over as plain pointers: what a model writes through them cannot change where
  // they point, which the compiler could not know of members.
  //
  // All draws are compiled into the loop, which then knows how many of a block are left: otherwise GCC calls Rng::Bits
  // where many models share a source, and browsing steps take 1.6 times as long.
  template <bool kSessions>
  [[gnu::flatten]] [[gnu::noinline]] size_t Respond(size_t begin, size_t n, const int32_t* all_slates,
                                                    const StepColumns& out) {
    const Model& model = *model_;
    const auto slate_size = static_cast<size_t>(spec_.slate_size);
    const bool full_slates = spec_.min_slate_size == spec_.slate_size;
    const size_t fields = response_size();
    const uint64_t seed = seed_;
    const uint32_t last_step = max_steps_ - 1;
    typename Model::User* const users = users_.data() + begin;
    StreamPosition* const positions = positions_.data() + begin;
    uint8_t* const gone = gone_.data() + begin;
    const int32_t* const slates = all_slates + begin * slate_size;
    float* const response = out.response.data() + begin * fields;
    float* const reward = out.reward.data() + begin;
    uint8_t* const terminated = out.terminated.data() + begin;
    uint8_t* const truncated = out.truncated.data() + begin;
    uint8_t* const active = out.active.empty() ? nullptr : out.active.data() + begin;
    uint32_t* const starting = starting_.data();
    size_t num_starting = 0;

    choice_.Fill(seed, Purpose::kChoice, {positions, n});
    transition_.Fill(seed, Purpose::kTransition, {positions, n});
    std::fill_n(response, n * fields, 0.0f);
    if (active != nullptr) std::fill_n(active, n, uint8_t{1});
    for (size_t i = 0; i < n; ++i) {
      const StreamPosition position = positions[i];
      positions[i].step = position.step + 1;
      if (kSessions && gone[i] != 0) {
        reward[i] = 0;
        terminated[i] = truncated[i] = active[i] = 0;
        continue;
      }
      const int32_t* const shown = slates + i * slate_size;
      const size_t size =
          full_slates ? slate_size : static_cast<size_t>(std::find(shown, shown + slate_size, kNoItem) - shown);
      const Slate<Document> slate(candidates_.Of(begin + i), shown, static_cast<int>(size));
      Rng choice(seed, Purpose::kChoice, position, choice_.block(i));
      Rng transition(seed, Purpose::kTransition, position, transition_.block(i));
      const typename Model::Response answer = model.Respond(users[i], slate, choice);
      model.WriteResponse(slate, answer, response + i * fields);
      model.Update(slate, answer, transition, users[i]);
      candidates_.Update(model, users[i], answer, shown, size, begin + i, transition);
      reward[i] = static_cast<float>(model.Reward(answer));
      const bool left = model.IsTerminal(users[i]);
      const bool cut = !left && position.step == last_step;
      terminated[i] = left;
      truncated[i] = cut;
      if (kSessions) gone[i] = left || cut;
      starting[num_starting] = static_cast<uint32_t>(begin + i);
      num_starting += left || cut ? 1 : 0;
    }
    return num_starting;
  }

  // Lists in starting_ the users of all sessions that everybody has left.
  size_t EndSessions(size_t begin, size_t n) {
    size_t num_starting = 0;
    for (size_t first = begin; first < begin + n; first += session_) {
      if (!SessionIsOver(first)) continue;
      for (size_t i = first; i < first + session_; ++i) starting_[num_starting++] = static_cast<uint32_t>(i);
    }
    return num_starting;
  }

  // Moves the first n of starting_ to their next episode.
  void BeginNextEpisodes(size_t n, const StepColumns& out) {
    if (n == 0) return;
    for (size_t i = 0; i < n; ++i) {
      StreamPosition& position = positions_[starting_[i]];
      position = {position.stream, position.episode + 1, 0};
    }
    StartEpisodes(n, out.observation.data(), out.candidates.data());
  }

  // Draws a new user for each of the first n of starting_, at the position where that user's stream stands, and
  // candidates.
  void StartEpisodes(size_t n, float* observation, float* candidates) {
    const size_t features = num_features();
    for (size_t i = 0; i < n; ++i) starting_positions_[i] = positions_[starting_[i]];
    user_.Fill(seed_, Purpose::kUser, {starting_positions_.data(), n});
    for (size_t i = 0; i < n; ++i) {
      const uint32_t user = starting_[i];
      Rng draws(seed_, Purpose::kUser, starting_positions_[i], user_.block(i));
      users_[user] = model_->SampleUser(draws);
      gone_[user] = 0;
      if (features == 0) continue;
      std::fill_n(observation + user * features, features, 0.0f);
      model_->WriteObservation(users_[user], observation + user * features);
    }
    for (size_t i = 0; i < n; ++i) {
      const uint32_t user = starting_[i];
      if (user % session_ == 0) candidates_.Start(*model_, users_.data(), positions_.data(), user);
    }
    for (size_t i = 0; i < n; ++i) candidates_.Write(*model_, starting_[i], 1, candidates);
  }

  const std::shared_ptr<const Model> model_;
  const EnvironmentSpec spec_;
  const uint64_t seed_;
  const size_t session_;  // M
  const size_t chunk_;    // Users stepped together: whole sessions.
  const uint32_t max_steps_;
  bool started_ = false;
  bool may_wait_ = false;  // Users whose episode is over may be waiting for ResetSome.
  std::vector<typename Model::User> users_;
  std::vector<uint8_t> gone_;  // Has left and waits for the others of the session.
  std::vector<StreamPosition> positions_;
  Candidates<Model> candidates_;
  std::vector<uint8_t> waits_;   // StepSome: waits in this step.
  std::vector<uint8_t> active_;  // StepSome: for callers who do not want the column.

  // Scratch of one chunk. starting_ has room for one more: the loop writes ahead of its count.
  BlockBatch choice_;
  BlockBatch transition_;
  BlockBatch user_;
  std::array<uint32_t, BlockBatch::kCapacity + 1> starting_;
  std::array<StreamPosition, BlockBatch::kCapacity> starting_positions_;
  std::array<uint8_t, BlockBatch::kCapacity> held_gone_;
};

}  // namespace recbots
