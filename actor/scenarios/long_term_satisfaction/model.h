// Long-term satisfaction as a scenario: see dynamics.h for users and documents.
//
// The user is not observed (U = 0). Candidate: float32 [1], its clickbait. The first item of a slate is always
// consumed, whatever follows it; the episode ends when the time budget is spent. Response of an item: click, engagement
// (clipped to 0..100). Reward: the engagement of what was consumed, not clipped, so it has no upper bound.
//
// References: "random"; "min_clickbait"; "myopic", the most clickbait; "best_constant", the candidate nearest to the
// best fixed clickbait; "optimal", which knows the hidden exposure. The last two and the exact values exist if the
// problem is LtsMdp::Solvable.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "actor/recsim/model.h"
#include "actor/recsim/scenario.h"
#include "actor/recsim/slate.h"
#include "actor/scenarios/long_term_satisfaction/dynamics.h"
#include "common/base/fast_normal.h"
#include "common/base/random.h"
#include "common/rl/spec.h"

namespace recbots {

class LtsReference;

// The draws of a user's start and of a transition, which the optimal policy repeats.
inline LtsUser DrawFirstUser(const LongTermSatisfactionOptions& options, Rng& draws) {
  return FirstUser(options, draws.Uniform());
}
inline LtsUser DrawNextUser(const LongTermSatisfactionOptions& options, const LtsUser& user, double clickbait,
                            Rng& draws) {
  return NextUser(options, user, clickbait, FastNormal(draws));
}

// See model.h for what the functions are. Immutable and thread-safe.
class LongTermSatisfactionModel {
 public:
  using Options = LongTermSatisfactionOptions;
  using User = LtsUser;
  struct Document {
    double clickbait = 0;  // 0..1
  };
  using Response = LtsResponse;  // To the first item.

  static absl::Status Validate(const Options& options) { return recbots::Validate(options); }
  explicit LongTermSatisfactionModel(const Options& options);

  const EnvironmentSpec& spec() const { return spec_; }
  const Options& options() const { return options_; }
  CandidateRefresh candidate_refresh() const { return options_.candidate_refresh; }

  User SampleUser(Rng& draws) const { return DrawFirstUser(options_, draws); }
  static constexpr int kDrawsPerDocument = 1;
  Document SampleDocument(Rng& draws) const { return {.clickbait = options_.Clickbait(draws.Uniform())}; }
  Response Respond(const User& user, const Slate<Document>& slate, Rng& draws) const {
    return {.clicked = true,
            .engagement =
                Engagement(options_, Satisfaction(options_, user.exposure), slate[0].clickbait, FastNormal(draws))};
  }
  void Update(const Slate<Document>& slate, const Response&, Rng& draws, User& user) const {
    user = DrawNextUser(options_, user, slate[0].clickbait, draws);
  }
  bool IsTerminal(const User& user) const { return HasLeft(user); }
  double Reward(const Response& response) const { return TotalEngagement({&response, 1}); }
  void WriteObservation(const User&, float*) const {}
  void WriteDocument(const Document& document, float* features) const {
    features[0] = static_cast<float>(document.clickbait);
  }
  void WriteResponse(const Slate<Document>&, const Response& response, float* fields) const {
    fields[0] = response.clicked ? 1.0f : 0.0f;
    fields[1] = static_cast<float>(SeenEngagement(response.engagement));
  }

  std::vector<ReferencePolicy> MakeReferencePolicies(const EnvironmentSpec& spec, uint64_t seed) const;
  absl::Status PrepareReferences(const StopQuestion& stop) const;
  absl::StatusOr<std::optional<double>> OptimalValue(const StopQuestion& stop) const;
  absl::StatusOr<std::optional<double>> RandomValue(const StopQuestion& stop) const;

 private:
  Options options_;
  EnvironmentSpec spec_;
  std::shared_ptr<const LtsReference> reference_;
};

}  // namespace recbots
