// Document browsing (after Dulac-Arnold et al. 2015, arXiv:1512.07679, section 7.3): a user reads one of I documents
// and is recommended another one.
//
// On document i the user accepts document j with probability W[i][j]. Accepted: reward 1, the user goes to j, the
// session ends with probability `exit_probability_accepted`. Refused: reward 0, the user goes to a document drawn
// uniformly from all I (i and j among them), the session ends with probability `exit_probability_refused`. Sessions
// start on a uniform document. Observation: float32 [I], one-hot of the user's document. One document per slate, all I
// are candidates.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "actor/recsim/slate.h"
#include "common/base/random.h"
#include "common/rl/spec.h"

namespace recbots {

struct DocumentBrowsingOptions {
  static constexpr int kMaxDocuments = 4096;
  static constexpr int kMaxSteps = 1000000;

  int num_documents = 10;                  // I, 2..kMaxDocuments
  double exit_probability_accepted = 0.1;  // 0..1
  double exit_probability_refused = 0.2;   // 0..1
  int max_episode_steps = 1000;            // 1..kMaxSteps; then truncated
  std::vector<double> acceptance;          // W row by row, [I, I], each 0..1
};

// INVALID_ARGUMENT: a field out of bounds; the message begins with its name and has value and bound.
absl::Status Validate(const DocumentBrowsingOptions& options);
// The same of all fields but `acceptance`.
absl::Status ValidateScalars(const DocumentBrowsingOptions& options);

// --- One step as pure functions of uniform numbers in [0, 1) --------------------------------------------------------

// Does the user accept a document that is accepted with this probability?
inline bool AcceptsDocument(double acceptance_probability, double u_accept) {
  return u_accept < acceptance_probability;
}

// The session goes on while u_exit <= this. A session that ends for certain also ends at u_exit = 0.
inline double StayThreshold(double exit_probability) { return exit_probability >= 1.0 ? -1.0 : 1.0 - exit_probability; }

struct BrowsingUser {
  int32_t document = 0;
  bool active = true;
};

// Where the user goes and whether the session ends.
inline BrowsingUser NextBrowsingUser(bool accepted, int32_t recommended, int32_t next_if_refused, double u_exit,
                                     double stay_accepted, double stay_refused) {
  return {.document = accepted ? recommended : next_if_refused,
          .active = u_exit <= (accepted ? stay_accepted : stay_refused)};
}

// The scalar model behind BatchEnvironment. Immutable and thread-safe.
class DocumentBrowsingModel {
 public:
  using User = BrowsingUser;
  struct Response {
    bool accepted = false;
  };

  // `options` have passed Validate.
  explicit DocumentBrowsingModel(DocumentBrowsingOptions options);

  const EnvironmentSpec& spec() const { return spec_; }
  const DocumentBrowsingOptions& options() const { return options_; }

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

 private:
  const DocumentBrowsingOptions options_;
  EnvironmentSpec spec_;
  const uint32_t num_documents_;
  const double stay_accepted_;
  const double stay_refused_;
  const double* const acceptance_;
};

}  // namespace recbots
