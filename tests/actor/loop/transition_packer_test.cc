#include "actor/loop/transition_packer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "common/base/random.h"
#include "common/rl/transition.h"
#include "tests/support/count_allocations.h"

namespace recbots {
namespace {

EnvironmentSpec MakeSpec(bool user_features, bool candidate_features) {
  EnvironmentSpec spec;
  spec.name = "random";
  spec.num_user_features = user_features ? 3 : 0;
  spec.num_candidates = 4;
  spec.num_candidate_features = candidate_features ? 2 : 0;
  spec.slate_size = 2;
  spec.min_slate_size = 1;
  spec.response_fields = {"click", "watch_time", "quality"};
  return spec;
}

// One step of one user, as it was played.
struct Played {
  std::vector<float> observation, candidates, next_observation, next_candidates, response;
  std::vector<int32_t> slate;
  float reward = 0, probability = 0;
  bool terminated = false, truncated = false;
  RowStamp stamp;
};
using Episode = std::vector<Played>;

// Random numbers for everything that a step has, with the promises of Environment: episodes end by termination or
// truncation, users of a session wait for each other, and what a step led to is what the next slate is chosen for.
class RandomEpisodes {
 public:
  RandomEpisodes(const EnvironmentSpec& spec, int num_users, double end, uint32_t stream)
      : spec_(spec),
        session_(static_cast<size_t>(spec.users_per_session)),
        end_(end),
        step_(spec, num_users),
        gone_(static_cast<size_t>(num_users)),
        episodes_(gone_.size(), std::vector<Episode>(1)),
        rng_(7, Purpose::kTest, {stream, 0, 0}) {
    Draw(step_.observation);
    Draw(step_.candidates);
  }

  const StepBuffer& Step(const RowStamp& stamp) {
    for (auto* column : {&step_.response, &step_.reward, &step_.behaviour_probability, &step_.next_observation,
                         &step_.next_candidates}) {
      Draw(*column);
    }
    step_.following_observation = step_.next_observation;
    step_.following_candidates = step_.next_candidates;
    for (int32_t& position : step_.slates) position = static_cast<int32_t>(rng_.Index(4));
    for (size_t i = 0; i < gone_.size(); ++i) {
      if (rng_.Index(4) == 0) step_.slates[2 * i + 1] = kNoItem;
      step_.active[i] = gone_[i] ? 0 : 1;
      const bool ends = !gone_[i] && rng_.Uniform() < end_;
      step_.terminated[i] = ends && rng_.Index(2) == 0 ? 1 : 0;
      step_.truncated[i] = ends && step_.terminated[i] == 0 ? 1 : 0;
      if (step_.active[i] != 0) Record(i, stamp);
      gone_[i] = gone_[i] || ends;
    }
    for (size_t first = 0; first < gone_.size(); first += session_) BeginIfAllLeft(first);
    return step_;
  }
  void Advance() { step_.Advance(); }

  // [B], each user's episodes, the last one unfinished.
  const std::vector<std::vector<Episode>>& episodes() const { return episodes_; }

 private:
  void Draw(std::vector<float>& column) {
    for (float& value : column) value = static_cast<float>(rng_.Uniform());
  }
  static std::vector<float> Row(const std::vector<float>& column, size_t i, size_t rows) {
    const auto width = static_cast<std::ptrdiff_t>(column.size() / rows);
    const auto first = column.begin() + static_cast<std::ptrdiff_t>(i) * width;
    return {first, first + width};
  }
  void Record(size_t i, const RowStamp& stamp) {
    const size_t b = gone_.size();
    episodes_[i].back().push_back({Row(step_.observation, i, b),
                                   Row(step_.candidates, i, b),
                                   Row(step_.next_observation, i, b),
                                   Row(step_.next_candidates, i, b),
                                   Row(step_.response, i, b),
                                   {step_.slates[2 * i], step_.slates[2 * i + 1]},
                                   step_.reward[i],
                                   step_.behaviour_probability[i],
                                   step_.terminated[i] != 0,
                                   step_.truncated[i] != 0,
                                   stamp});
  }
  void BeginIfAllLeft(size_t first) {
    for (size_t i = first; i < first + session_; ++i) {
      if (!gone_[i]) return;
    }
    for (size_t i = first; i < first + session_; ++i) {
      gone_[i] = false;
      episodes_[i].emplace_back();
      const size_t u = step_.observation.size() / gone_.size(), c = step_.candidates.size() / gone_.size();
      for (size_t j = i * u; j < (i + 1) * u; ++j) step_.following_observation[j] = -1;  // A new user.
      for (size_t j = i * c; j < (i + 1) * c; ++j) step_.following_candidates[j] = -1;
    }
  }

  const EnvironmentSpec spec_;
  const size_t session_;
  const double end_;
  StepBuffer step_;
  std::vector<bool> gone_;
  std::vector<std::vector<Episode>> episodes_;
  Rng rng_;
};

template <typename T>
void Put(const RowSchema& schema, const char* column, const std::vector<T>& values, std::string& row) {
  const int found = schema.Find(column);
  if (found < 0) return;
  ASSERT_EQ(schema.column_bytes(static_cast<size_t>(found)), values.size() * sizeof(T)) << column;
  std::memcpy(row.data() + schema.offset(static_cast<size_t>(found)), values.data(), values.size() * sizeof(T));
}

// The row of step t of an episode, from the definition.
std::string RowOf(const Episode& episode, size_t t, const RowSchema& schema, const TransitionOptions& options) {
  std::string row(schema.row_bytes(), '\0');
  const Played& played = episode[t];
  const size_t m = std::min(static_cast<size_t>(options.n_step), episode.size() - t);
  const Played& last = episode[t + m - 1];
  double reward = 0;
  for (size_t i = m; i-- > 0;) reward = static_cast<double>(episode[t + i].reward) + options.discount * reward;
  const auto discount = static_cast<float>(std::pow(options.discount, static_cast<double>(m)));
  const bool has_next = t + m < episode.size();
  Put<float>(schema, transition::kObservation, played.observation, row);
  Put<float>(schema, transition::kNextObservation, last.next_observation, row);
  Put<float>(schema, transition::kCandidates, played.candidates, row);
  Put<float>(schema, transition::kNextCandidates, last.next_candidates, row);
  Put<int32_t>(schema, transition::kSlate, played.slate, row);
  Put<int32_t>(schema, transition::kNextSlate,
               has_next ? episode[t + m].slate : std::vector<int32_t>(played.slate.size(), kNoItem), row);
  Put<float>(schema, transition::kResponse, played.response, row);
  Put<float>(schema, transition::kReward, {static_cast<float>(reward)}, row);
  Put<float>(schema, transition::kDiscount, {last.terminated ? 0.0f : discount}, row);
  Put<float>(schema, transition::kBehaviourProbability, {played.probability}, row);
  Put<int64_t>(schema, transition::kWeightsVersion, {played.stamp.weights_version}, row);
  Put<int64_t>(schema, transition::kWeightsUpdates, {played.stamp.weights_updates}, row);
  Put<int64_t>(schema, transition::kCollectedMicros, {played.stamp.collected_micros}, row);
  return row;
}

// All rows that must be there after the steps played: by user, in the order of its steps.
std::vector<std::string> RowsOf(const RandomEpisodes& played, const RowSchema& schema,
                                const TransitionOptions& options) {
  std::vector<std::string> rows;
  const size_t wait = static_cast<size_t>(options.n_step) - (options.next_slate ? 0 : 1);
  for (const std::vector<Episode>& episodes : played.episodes()) {
    std::string all;
    for (const Episode& episode : episodes) {
      const bool over = !episode.empty() && (episode.back().terminated || episode.back().truncated);
      for (size_t t = 0; t < episode.size() && (over || t + wait < episode.size()); ++t) {
        all += RowOf(episode, t, schema, options);
      }
    }
    rows.push_back(all);
  }
  return rows;
}

// After every step, all that is due has been packed, and nothing else.
void ExpectRowsOfTheModel(EnvironmentSpec spec, const TransitionOptions& options, double end, uint32_t stream) {
  constexpr int kUsers = 12;
  const RowSchema schema = TransitionSchema(spec, options).value();
  TransitionPacker packer(schema, kUsers, options);
  RandomEpisodes played(spec, kUsers, end, stream);
  std::vector<std::string> packed(kUsers);
  for (int step = 0; step < 60; ++step) {
    const RowStamp stamp = {step / 10, step, 1000 + step};
    const StepBuffer& columns = played.Step(stamp);
    const absl::string_view rows = packer.Pack(columns, stamp);
    ASSERT_EQ(rows.size(), static_cast<size_t>(packer.num_rows()) * schema.row_bytes());
    const std::vector<std::string> want = RowsOf(played, schema, options);
    size_t taken = 0;
    for (size_t i = 0; i < kUsers; ++i) {
      const size_t bytes = want[i].size() - packed[i].size();
      ASSERT_LE(taken + bytes, rows.size()) << "step " << step;
      packed[i].append(rows.data() + taken, bytes);
      taken += bytes;
      ASSERT_EQ(packed[i], want[i]) << "user " << i << ", step " << step;
    }
    ASSERT_EQ(taken, rows.size()) << "step " << step;
    played.Advance();
  }
}

TEST(TransitionPackerTest, PacksWhatTheDefinitionSays) {
  uint32_t stream = 0;
  for (int n_step = 1; n_step <= 5; ++n_step) {
    for (const bool next_slate : {false, true}) {
      for (const int session : {1, 3}) {
        for (const double end : {0.02, 0.3, 1.0}) {
          SCOPED_TRACE("n_step " + std::to_string(n_step) + ", next_slate " + std::to_string(next_slate) +
                       ", session " + std::to_string(session) + ", ends " + std::to_string(end));
          EnvironmentSpec spec = MakeSpec(/*user_features=*/n_step != 2, /*candidate_features=*/n_step != 3);
          spec.users_per_session = session;
          ExpectRowsOfTheModel(spec, {.discount = 0.9, .n_step = n_step, .next_slate = next_slate}, end, ++stream);
        }
      }
    }
  }
}

// Of three steps, rewards 1, 2 and 4, two in a row: numbers a person can check.
TEST(TransitionPackerTest, SumsDiscountedRewardsUpToTheEnd) {
  EnvironmentSpec spec = MakeSpec(true, true);
  const TransitionOptions options = {.discount = 0.5, .n_step = 2, .next_slate = true};
  const RowSchema schema = TransitionSchema(spec, options).value();
  TransitionPacker packer(schema, /*num_users=*/1, options);
  StepBuffer step(spec, 1);
  const auto get = [&schema](absl::string_view rows, int row, const char* column) {
    float value;
    const auto c = static_cast<size_t>(schema.Find(column));
    std::memcpy(&value, rows.data() + static_cast<size_t>(row) * schema.row_bytes() + schema.offset(c), sizeof(value));
    return value;
  };
  const auto pack = [&](float reward, bool truncated) {
    step.reward[0] = reward;
    step.truncated[0] = truncated ? 1 : 0;
    return packer.Pack(step, {});
  };
  EXPECT_EQ(pack(1, false), "");
  EXPECT_EQ(pack(2, false), "") << "the next slate is not known yet";
  const absl::string_view rows = pack(4, true);
  ASSERT_EQ(packer.num_rows(), 3);
  EXPECT_EQ(get(rows, 0, transition::kReward), 1 + 0.5f * 2);
  EXPECT_EQ(get(rows, 1, transition::kReward), 2 + 0.5f * 4);
  EXPECT_EQ(get(rows, 2, transition::kReward), 4);
  EXPECT_EQ(get(rows, 0, transition::kDiscount), 0.25f);
  EXPECT_EQ(get(rows, 1, transition::kDiscount), 0.25f) << "truncation bootstraps";
  EXPECT_EQ(get(rows, 2, transition::kDiscount), 0.5f);
}

TEST(TransitionPackerTest, AllocatesInItsConstructorOnly) {
  for (const TransitionOptions& options : {TransitionOptions{.n_step = 1}, {.n_step = 4}, {.next_slate = true}}) {
    const EnvironmentSpec spec = MakeSpec(true, true);
    const RowSchema schema = TransitionSchema(spec, options).value();
    TransitionPacker packer(schema, 20, options);
    RandomEpisodes played(spec, 20, /*end=*/0.2, 99);
    int64_t rows = 0;
    for (int i = 0; i < 50; ++i) {
      const StepBuffer& step = played.Step({});
      const int before = testing::g_allocations;
      packer.Pack(step, {});
      EXPECT_EQ(testing::g_allocations, before);
      rows += packer.num_rows();
      played.Advance();
    }
    EXPECT_GT(rows, 0);
  }
}

}  // namespace
}  // namespace recbots
