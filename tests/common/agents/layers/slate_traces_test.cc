#include "common/agents/layers/slate_traces.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "common/base/random.h"

namespace recbots {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;

EnvironmentSpec VideoSpec() {
  EnvironmentSpec spec;
  spec.name = "videos";
  spec.num_candidates = 4;
  spec.num_candidate_features = 2;
  spec.slate_size = 2;
  spec.min_slate_size = 0;
  spec.response_fields = {"click", "minutes", "cluster_id", "quality"};
  spec.fixed_catalogue = false;
  return spec;
}

std::unique_ptr<SlateTraces> Make(const SlateTracesOptions& options, const EnvironmentSpec& spec, size_t users = 3) {
  auto traces = SlateTraces::Create(options, spec);
  EXPECT_TRUE(traces.ok()) << traces.status();
  (*traces)->Reserve(users);
  return *std::move(traces);
}

std::vector<float> Written(const SlateTraces& traces, size_t user) {
  std::vector<float> out(static_cast<size_t>(traces.width()), NAN);
  traces.Write(user, absl::MakeSpan(out));
  return out;
}

// Two steps by hand. Features of candidates are (position, 10 position) first, (1, 1) for all then.
TEST(SlateTracesTest, SumsWhatWasShownClickedAndAnswered) {
  auto traces = Make({.trace_decay = {0.5, 1}, .trace_scale = 10}, VideoSpec());
  ASSERT_EQ(traces->trace_width(), 1 + 2 + 1 + 2 + 2);
  const std::vector<float> first = {0, 0, 1, 10, 2, 20, 3, 30}, second(8, 1);
  traces->Begin(1, {.observation = {}, .candidates = first});
  EXPECT_THAT(Written(*traces, 1), Each(0));
  // Item 3, clicked for 4 minutes, cluster 7, quality -1; item 1, not clicked.
  const std::vector<int32_t> slate = {3, 1};
  const std::vector<float> response = {1, 4, 7, -1, 0, 5, 7, 6};
  traces->Add(1, {.slate = slate, .response = response}, {.observation = {}, .candidates = second});
  EXPECT_THAT(Written(*traces, 1), ElementsAre(0.5f, 0.5f * 2, 0.5f * 20, 0.5f, 0.5f * 3, 0.5f * 30, 0.5f * 4, -0.5f,
                                               0.1f, 0.1f * 2, 0.1f * 20, 0.1f, 0.1f * 3, 0.1f * 30, 0.1f * 4, -0.1f));
  // A slate of one item, without a click: still divided by K = 2.
  const std::vector<int32_t> alone = {2, kNoItem};
  const std::vector<float> ignored = {0, 9, 9, 9, 0, 0, 0, 0};
  traces->Add(1, {.slate = alone, .response = ignored}, {.observation = {}, .candidates = first});
  EXPECT_THAT(Written(*traces, 1),
              ElementsAre(0.5f * 1.5f, 0.5f * (1 + 0.5f), 0.5f * (10 + 0.5f), 0.25f, 0.25f * 3, 0.25f * 30, 0.25f * 4,
                          -0.25f, 0.1f * 2, 0.1f * 2.5f, 0.1f * 20.5f, 0.1f, 0.1f * 3, 0.1f * 30, 0.1f * 4, -0.1f));
  traces->Begin(1, {.observation = {}, .candidates = second});
  EXPECT_THAT(Written(*traces, 1), Each(0)) << "a new episode";
}

// Items without features count as positions; without clicks there is only what was shown.
TEST(SlateTracesTest, CountsPositionsWhereItemsHaveNoFeatures) {
  EnvironmentSpec spec = VideoSpec();
  spec.num_candidate_features = 0;
  spec.slate_size = 1;
  spec.response_fields = {"accepted"};
  auto traces = Make({.trace_decay = {0}}, spec);
  ASSERT_EQ(traces->width(), 1 + 4);
  const std::vector<float> accepted = {1};
  traces->Begin(0, {});
  for (const int32_t position : {3, 1}) {
    traces->Add(0, {.slate = absl::MakeConstSpan(&position, 1), .response = accepted}, {});
  }
  EXPECT_THAT(Written(*traces, 0), ElementsAre(1, 0, 1, 0, 0)) << "decay 0 is the last step alone";

  spec.response_fields = {"click"};
  auto clicks = Make({.trace_decay = {1}, .trace_scale = 1}, spec);
  ASSERT_EQ(clicks->width(), 1 + 4 + 1 + 4);
  clicks->Begin(0, {});
  for (const int32_t position : {3, 1, 3}) {
    clicks->Add(0, {.slate = absl::MakeConstSpan(&position, 1), .response = accepted}, {});
  }
  EXPECT_THAT(Written(*clicks, 0), ElementsAre(3, 0, 1, 0, 2, 3, 0, 1, 0, 2));
}

struct Remembered {
  std::vector<int32_t> slate;
  std::vector<float> response, candidates;  // What the slate was chosen from.
};

// The definition, in double.
std::vector<double> Defined(const std::vector<Remembered>& steps, double decay, double scale) {
  std::vector<double> sums(8);
  for (size_t t = 0; t < steps.size(); ++t) {
    const double weight = scale * std::pow(decay, static_cast<double>(steps.size() - 1 - t));
    sums[0] += weight;
    for (size_t k = 0; k < 2 && steps[t].slate[k] != kNoItem; ++k) {
      const float* const features = steps[t].candidates.data() + 2 * steps[t].slate[k];
      const float* const response = steps[t].response.data() + 4 * k;
      for (size_t i = 0; i < 2; ++i) sums[1 + i] += weight * features[i] / 2;
      if (response[0] == 0) continue;
      sums[3] += weight;
      for (size_t i = 0; i < 2; ++i) sums[4 + i] += weight * features[i];
      sums[6] += weight * response[1];
      sums[7] += weight * response[3];
    }
  }
  return sums;
}

// Random episodes of three users whose candidates change at every step, or never.
TEST(SlateTracesTest, AgreesWithTheDefinition) {
  for (const bool fixed : {false, true}) {
    EnvironmentSpec spec = VideoSpec();
    spec.fixed_catalogue = fixed;
    const std::vector<double> decays = {0, 0.3, 0.9, 1};
    auto traces = Make({.trace_decay = decays, .trace_scale = 7}, spec);
    Rng draws(3, Purpose::kTest, {});
    const auto drawn = [&draws](size_t size) {
      std::vector<float> numbers(size);
      for (float& number : numbers) number = static_cast<float>(draws.Uniform());
      return numbers;
    };
    const std::vector<float> catalogue = drawn(8);
    std::vector<std::vector<Remembered>> episodes(3);
    std::vector<std::vector<float>> candidates(3, catalogue);
    for (size_t user = 0; user < 3; ++user) traces->Begin(user, {.observation = {}, .candidates = catalogue});
    for (int step = 0; step < 300; ++step) {
      const size_t user = draws.Index(3);
      const std::vector<float> next = fixed ? catalogue : drawn(8);
      if (draws.Index(15) == 0) {
        episodes[user].clear();
        traces->Begin(user, {.observation = {}, .candidates = next});
      } else {
        Remembered now = {
            {static_cast<int32_t>(draws.Index(4)), static_cast<int32_t>(draws.Index(4))}, drawn(8), candidates[user]};
        for (const size_t k : {0U, 1U}) {
          if (draws.Index(2) == 0) now.response[4 * k] = 0;
        }
        if (draws.Index(3) == 0) now.slate[1] = kNoItem;
        traces->Add(user, {.slate = now.slate, .response = now.response}, {.observation = {}, .candidates = next});
        episodes[user].push_back(now);
      }
      candidates[user] = next;
      const std::vector<float> written = Written(*traces, user);
      for (size_t d = 0; d < decays.size(); ++d) {
        const std::vector<double> want = Defined(episodes[user], decays[d], decays[d] < 1 ? 1 - decays[d] : 1.0 / 7);
        for (size_t i = 0; i < 8; ++i) ASSERT_NEAR(written[8 * d + i], want[i], 1e-5) << decays[d] << ", " << i;
      }
    }
  }
}

TEST(SlateTracesTest, RefusesImpossibleOptions) {
  const auto refusal = [](const SlateTracesOptions& options) {
    return std::string(SlateTraces::Create(options, VideoSpec()).status().message());
  };
  EXPECT_EQ(refusal({.trace_decay = {}}), "trace_decay has 0 numbers, want 1..100");
  EXPECT_EQ(refusal({.trace_decay = {0.5, 1.5}}), "trace_decay 1.5, want 0..1");
  EXPECT_EQ(refusal({.trace_decay = {NAN}}), "trace_decay nan, want 0..1");
  EXPECT_EQ(refusal({.trace_scale = 0}), "trace_scale 0, want 0.001..1e+06");
}

}  // namespace
}  // namespace recbots
