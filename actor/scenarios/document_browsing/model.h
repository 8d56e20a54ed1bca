// Document browsing (after Dulac-Arnold et al. 2015, arXiv:1512.07679, section 7.3): a user reads one of I documents
// and is recommended another one.
//
// On document i the user accepts document j with probability W[i][j]. Accepted: reward 1, the user goes to j, the
// session ends with probability `exit_probability_accepted`. Refused: reward 0, the user goes to a document drawn
// uniformly from all I (i and j among them), the session ends with probability `exit_probability_refused`. Sessions
// start on a uniform document. Observation: float32 [I], one-hot of the user's document. One document per slate, all I
// are candidates.
//
// References: "random"; "row_argmax", the document that is accepted most often; "optimal". Values are those of episodes
// as they are played, with the step limit. The policies look only at the document that the user is on. If the step
// limit matters enough that the best policy of this kind is not known (exit probabilities near 0, or a short limit:
// exact_values.h), there is no optimal value and no "optimal".
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "actor/recsim/scenario.h"
#include "actor/recsim/slate.h"
#include "actor/scenarios/document_browsing/options.h"
#include "common/base/random.h"
#include "common/base/stop.h"
#include "common/rl/spec.h"

namespace recbots {

// --- One step as pure functions of uniform numbers in [0, 1) --------------------------------------------------------

// Whether the user accepts a document that is accepted with this probability.
inline bool AcceptsDocument(double acceptance_probability, double u_accept) {
  return u_accept < acceptance_probability;
}

// The session goes on while u_exit <= this. A session that ends for certain also ends at u_exit = 0.
inline double StayThreshold(double exit_probability) { return exit_probability >= 1.0 ? -1.0 : 1.0 - exit_probability; }

struct BrowsingUser {
  int32_t document = 0;
  bool active = true;
};

// Which document the user goes to, and whether the session ends.
inline BrowsingUser NextBrowsingUser(bool accepted, int32_t recommended, int32_t next_if_refused, double u_exit,
                                     double stay_accepted, double stay_refused) {
  return {.document = accepted ? recommended : next_if_refused,
          .active = u_exit <= (accepted ? stay_accepted : stay_refused)};
}

class BrowsingReference;

// See actor/recsim/model.h for what the functions are. Immutable and thread-safe.
class DocumentBrowsingModel {
 public:
  using Options = DocumentBrowsingOptions;
  using User = BrowsingUser;
  struct Response {
    bool accepted = false;
  };

  static absl::Status Validate(const Options& options) { return recbots::Validate(options); }
  static absl::Status ReadFiles(Options& options) { return recbots::ReadFiles(options); }
  // `options` have passed Validate. Without a matrix, one is generated.
  explicit DocumentBrowsingModel(const Options& options);

  const EnvironmentSpec& spec() const { return spec_; }
  const Options& options() const { return options_; }

  User SampleUser(Rng& draws) const { return {.document = static_cast<int32_t>(draws.Index(num_documents_))}; }
  Response Respond(const User& user, const Slate<NoDocument>& slate, Rng& draws) const {
    return {AcceptsDocument(acceptance_[static_cast<uint32_t>(user.document) * size_t{num_documents_} +
                                        static_cast<uint32_t>(slate.position(0))],
                            draws.Uniform())};
  }
  void Update(const Slate<NoDocument>& slate, const Response& response, Rng& draws, User& user) const {
    const auto next_if_refused = static_cast<int32_t>(draws.Index(num_documents_));
    user = NextBrowsingUser(response.accepted, slate.position(0), next_if_refused, draws.Uniform(), stay_accepted_,
                            stay_refused_);
  }
  bool IsTerminal(const User& user) const { return !user.active; }
  double Reward(const Response& response) const { return response.accepted ? 1.0 : 0.0; }
  void WriteResponse(const Slate<NoDocument>&, const Response& response, float* fields) const {
    *fields = response.accepted ? 1.0f : 0.0f;
  }
  void WriteObservation(const User& user, float* features) const { features[user.document] = 1.0f; }

  std::vector<ReferencePolicy> MakeReferencePolicies(const EnvironmentSpec& spec, uint64_t seed) const;
  absl::StatusOr<std::optional<double>> OptimalValue(const StopQuestion& stop) const;
  absl::StatusOr<std::optional<double>> RandomValue(const StopQuestion& stop) const;
  // One-hot of every document: float32 [I, I].
  std::vector<float> AllObservations() const;
  // W: float32 [I, I].
  std::vector<float> ExpectedRewards() const;
  // The value of the policy that recommends document slates[i] on document i.
  //   INVALID_ARGUMENT  not I documents, or one of them is outside 0..I-1
  absl::StatusOr<double> ExactValue(absl::Span<const int32_t> slates, const StopQuestion& stop) const;

 private:
  const Options options_;
  EnvironmentSpec spec_;
  const uint32_t num_documents_;
  const double stay_accepted_;
  const double stay_refused_;
  const double* const acceptance_;
  const std::shared_ptr<const BrowsingReference> reference_;
};

}  // namespace recbots
