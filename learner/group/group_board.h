// Rank 0's record of a group of learners: who has joined, and what they tell each other (group_store.h).
//
// A learner that wants to join says so several times a second until all are there. One that is silent for kSilence
// before that has left again, and its rank is free. Once all are there, the group is complete and stays as it is: a
// learner that ends, ends the group, and the next one begins with a new board.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/instant.h"
#include "common/base/mutex.h"
#include "learner/group/group_store.h"
#include "recbots/v1/run_checkpoint.pb.h"

namespace recbots {

inline constexpr int kMaxLearners = 64;

// What learners have to agree on.
struct GroupTerms {
  int learners = 1;          // Of the group.
  std::string build = {};    // Version and checksum of the program: other code may round differently.
  v1::RunManifest run = {};  // The experiment: configuration and identity.
};

struct GroupHello {
  uint64_t process = 0;  // A random number for each process.
  int rank = -1;         // The rank that it wants; -1: any.
  GroupTerms terms = {};
  std::string peer = {};  // For pages and messages.
};

struct GroupPlace {
  int rank = 0;
  int joined = 0;         // Learners that are there, rank 0 included.
  bool complete = false;  // Whether all are.
};

// Thread-safe.
class GroupBoard final : public GroupStore {
 public:
  static constexpr absl::Duration kSilence = absl::Seconds(3);

  // `difference` compares two runs: "" where they are the same, otherwise the settings that differ, `there` first.
  GroupBoard(GroupTerms terms, std::function<std::string(const v1::RunManifest& there)> difference);

  // Notes that this learner is there.
  //   FAILED_PRECONDITION  another number of learners, build or experiment, or a rank that the group has not; names
  //   both ALREADY_EXISTS       another process has this rank UNAVAILABLE          the group is complete without it
  absl::StatusOr<GroupPlace> Join(const GroupHello& hello, Instant now) ABSL_LOCKS_EXCLUDED(mu_);
  // Of rank 0.
  GroupPlace place(Instant now) const ABSL_LOCKS_EXCLUDED(mu_);
  // Waits until the group is complete; false: not by the deadline.
  bool AwaitComplete(Instant deadline) const ABSL_LOCKS_EXCLUDED(mu_);
  // The peers of ranks 1 and up; "" where a rank is still free.
  std::vector<std::string> peers() const ABSL_LOCKS_EXCLUDED(mu_);

  absl::Status Set(const std::string& key, const std::string& value) override ABSL_LOCKS_EXCLUDED(mu_);
  absl::StatusOr<std::string> Get(const std::string& key, Instant deadline) override ABSL_LOCKS_EXCLUDED(mu_);

 private:
  struct Member {
    uint64_t process = 0;
    std::string peer;
    Instant seen;
  };
  absl::Status Check(const GroupHello& hello) const;
  void ForgetSilent(Instant now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  int FreeRank() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const GroupTerms terms_;
  const std::function<std::string(const v1::RunManifest&)> difference_;
  mutable Mutex mu_;
  std::map<int, Member> members_ ABSL_GUARDED_BY(mu_);  // By rank, from 1.
  bool complete_ ABSL_GUARDED_BY(mu_) = false;
  std::map<std::string, std::string> values_ ABSL_GUARDED_BY(mu_);
  size_t value_bytes_ ABSL_GUARDED_BY(mu_) = 0;
};

// Version and checksum of the running program.
std::string ThisBuild();

}  // namespace recbots
