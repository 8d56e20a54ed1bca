// Small models that show everything the template does: what happened can be read off the columns.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "actor/recsim/model.h"
#include "actor/recsim/slate.h"
#include "common/base/random.h"
#include "common/rl/spec.h"

namespace recbots::testing {

struct ToyOptions {
  int num_candidates = 5;
  int slate_size = 2;
  int min_slate_size = 2;
  int max_episode_steps = 0;
  int longest_stay = 6;
  CandidateRefresh refresh = CandidateRefresh::kEveryStep;

  template <typename F>
  void ForEachField(F&& f) {
    f("num_candidates", num_candidates);
    f("slate_size", slate_size);
    f("min_slate_size", min_slate_size);
    f("max_episode_steps", max_episode_steps);
    f("longest_stay", longest_stay);
    f("refresh", refresh);
  }
};

// A user stays 1..longest_stay steps and sees (stay, steps made). A document is (number, times shown); its number is
// uniform, plus 10 per step of the user where `kForUser`. The reward is the sum of the numbers shown.
template <bool kForUser>
class ToyModelOf {
 public:
  using Options = ToyOptions;
  struct User {
    int stay = 0;
    int steps = 0;
  };
  struct Document {
    double number = 0;
    int shown = 0;
  };
  struct Response {
    double sum = 0;
  };

  static absl::Status Validate(const Options& options) {
    return options.longest_stay >= 1
               ? absl::OkStatus()
               : absl::InvalidArgumentError(absl::StrCat("longest_stay ", options.longest_stay, ", want at least 1"));
  }
  explicit ToyModelOf(const Options& options) : options_(options) {
    spec_.name = "toy";
    spec_.num_user_features = 2;
    spec_.num_candidates = options.num_candidates;
    spec_.num_candidate_features = 2;
    spec_.slate_size = options.slate_size;
    spec_.min_slate_size = options.min_slate_size;
    spec_.response_fields = {"number", "size"};
    spec_.max_reward = 1000;
    spec_.max_episode_steps = options.max_episode_steps;
  }
  const EnvironmentSpec& spec() const { return spec_; }
  CandidateRefresh candidate_refresh() const { return options_.refresh; }

  User SampleUser(Rng& draws) const {
    return {.stay = 1 + static_cast<int>(draws.Index(static_cast<uint32_t>(options_.longest_stay)))};
  }
  Document SampleDocument(Rng& draws) const requires(!kForUser) { return {.number = draws.Uniform()}; }
  Document SampleDocument(const User& user, Rng& draws) const requires kForUser {
    return {.number = draws.Uniform() + 10 * user.steps};
  }
  Response Respond(const User&, const Slate<Document>& slate, Rng&) const {
    Response response;
    for (int i = 0; i < slate.size(); ++i) response.sum += slate[i].number;
    return response;
  }
  void Update(const Slate<Document>&, const Response&, Rng&, User& user) const { ++user.steps; }
  void UpdateDocument(const User&, const Response&, int, Rng&, Document& document) const { ++document.shown; }
  bool IsTerminal(const User& user) const { return user.steps >= user.stay; }
  double Reward(const Response& response) const { return response.sum; }
  void WriteObservation(const User& user, float* features) const {
    features[0] = static_cast<float>(user.stay);
    features[1] = static_cast<float>(user.steps);
  }
  void WriteDocument(const Document& document, float* features) const {
    features[0] = static_cast<float>(document.number);
    features[1] = static_cast<float>(document.shown);
  }
  void WriteResponse(const Slate<Document>& slate, const Response&, float* fields) const {
    for (int i = 0; i < slate.size(); ++i) {
      fields[2 * i] = static_cast<float>(slate[i].number);
      fields[2 * i + 1] = static_cast<float>(slate.size());
    }
  }

 private:
  const Options options_;
  EnvironmentSpec spec_;
};

using ToyModel = ToyModelOf<false>;
using ToyModelForUser = ToyModelOf<true>;

}  // namespace recbots::testing
