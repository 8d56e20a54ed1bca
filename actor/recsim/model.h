// How a scenario is written: a Model describes one user in plain scalar code, and ModelScenario (model_scenario.h)
// makes a batched, deterministic, multi-threadable environment of it. docs/authoring.md builds one from nothing.
//
// A Model is an immutable class, used by several threads at once, with
//
//   struct Options              the scenario's settings (common/base/settings.h): names, ranges and defaults are those
//                               of the configuration message
//   static absl::Status Validate(const Options&)   INVALID_ARGUMENT "name value, want bound": CheckSettings, and what
//                               ties settings together
//   explicit Model(const Options&)                 of options that have passed Validate
//   const EnvironmentSpec& spec() const
//
//   struct User      hidden state of one user; a value type that owns no memory
//   struct Document  one candidate; the same
//   struct Response  what the user did with a slate; the same
//
//   User SampleUser(Rng& draws) const                                                  purpose kUser
//   Document SampleDocument(Rng& draws) const                                          purpose kDocument; or, where
//   Document SampleDocument(const User&, Rng& draws) const                             candidates depend on the user
//   Response Respond(const User&, const Slate<Document>&, Rng& draws) const            purpose kChoice
//   void Update(const Slate<Document>&, const Response&, Rng& draws, User&) const      purpose kTransition
//   bool IsTerminal(const User&) const                                                 has the user left for good?
//   double Reward(const Response&) const
//   void WriteObservation(const User&, float* features) const                          [U], found filled with zeros
//   void WriteDocument(const Document&, float* features) const                         [D], found filled with zeros
//   void WriteResponse(const Slate<Document>&, const Response&, float* fields) const   [K, R], found filled with zeros
//
// A model whose candidates are fixed items that only their position tells apart (document browsing) takes
// Slate<NoDocument> and leaves out Document, SampleDocument and WriteDocument.
//
// What a model may have besides:
//
//   static constexpr int kDrawsPerDocument
//       About how many numbers SampleDocument draws: that many are computed ahead, many at once; 4 without it. Results
//       do not depend on it.
//   CandidateRefresh candidate_refresh() const
//       kEveryStep without it.
//   static absl::Status ReadFiles(Options&)
//       Where settings name files: puts what they hold into other settings, which are then what the scenario is known
//       by.
//   void UpdateDocument(const User&, const Response&, int i, Rng& draws, Document&) const
//       The i-th document of the slate after the user's update (purpose kTransition, behind Update's draws). It matters
//       where candidates outlive a step.
//   std::unique_ptr<ScenarioMetrics> MakeMetrics() const
//   std::vector<ReferencePolicy> MakeReferencePolicies(const EnvironmentSpec&, uint64_t seed) const
//       Policies beside "random", which every scenario has; the best one last, marked where it is optimal (scenario.h).
//   absl::Status PrepareReferences(const StopQuestion& stop) const
//       Computes what reference policies would else compute when they first act.
//   std::optional<double> OptimalValue() const, RandomValue() const
//   absl::StatusOr<std::optional<double>> OptimalValue(const StopQuestion& stop) const, RandomValue likewise
//       The second form asks `stop` meanwhile: for what may take longer than a second.
//   std::vector<float> AllObservations() const, ExpectedRewards() const
//   absl::StatusOr<double> ExactValue(absl::Span<const int32_t> slates) const, or with `stop` as well
//       As in scenario.h.
#pragma once

namespace recbots {

// When candidates are drawn again. Numbers as in config.proto (CandidateRefresh).
enum class CandidateRefresh {
  kEveryStep = 1,     // Purpose kDocument at (stream, episode, step).
  kEveryEpisode = 2,  // At (stream, episode, 0).
  kNever = 3,         // One set for all users and episodes (a fixed catalogue), drawn at stream 2^32 - 1.
};

}  // namespace recbots
