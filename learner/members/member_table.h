// The processes that take part in a run, and how they are: the state behind leases.
//
// A process is a member from its first report on. What it is follows from its reports alone:
//   joined   it reports
//   lagging  it was silent for lagging_after, or its stream broke: it may be back in a moment
//   lost     it was silent for lost_after: killed, stopped, or cut off. It joins again with its next report
//   left     it said goodbye
// Members that left, or are lost, are forgotten after forget_after. The table holds a bounded number of entries of
// bounded size, whatever peers do: when it is full, the oldest one that left or is lost makes room; if there is none, a
// new process is refused.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/instant.h"
#include "common/base/mutex.h"
#include "recbots/v1/membership.pb.h"

namespace recbots {

enum class MemberState { kJoined, kLagging, kLost, kLeft };
// "joined", "lagging", "lost", "left".
absl::string_view NameOf(MemberState state);
inline constexpr MemberState kMemberStates[] = {MemberState::kJoined, MemberState::kLagging, MemberState::kLost,
                                                MemberState::kLeft};

// How old the weights are that a role has.
struct WeightsAge {
  int64_t updates = 0;     // Made since.
  absl::Duration elapsed;  // Since these weights were published, on the learner's clock.
};

struct Member {
  v1::RoleReport report;          // The newest one; every text in it is printable.
  std::optional<WeightsAge> age;  // Of its weights, when the report came; nullopt: not known.
  std::string peer;               // The address of its connection.
  MemberState state = MemberState::kJoined;
  absl::Time changed_at;         // The date when it came into this state,
  absl::Duration in_state;       // and how long ago that was.
  absl::Time first_joined_at;    // A date.
  absl::Duration silent;         // Since its newest report.
  double progress_per_second{};  // Over the last reports.
};

struct MemberTableOptions {
  absl::Duration report_every = absl::Seconds(1);
  absl::Duration lagging_after = absl::Seconds(3);
  absl::Duration lost_after = absl::Seconds(8);
  absl::Duration forget_after = absl::Minutes(10);
  size_t max_members = 1024;
  // How old the weights are that a report names. Called with the table's lock held; must be thread-safe. nullptr: not
  // known.
  std::function<std::optional<WeightsAge>(const v1::RoleReport& report)> age_of = nullptr;
};

// Thread-safe.
class MemberTable {
 public:
  // `clock` must outlive the table.
  explicit MemberTable(const MemberTableOptions& options = {}, Clock& clock = Clock::Real());

  const MemberTableOptions& options() const { return options_; }

  // A process reports, over a connection from `peer`. With report.leaving it leaves.
  //   INVALID_ARGUMENT    a field is out of its bounds; the message names field, value and bound
  //   RESOURCE_EXHAUSTED  a new process, and the table is full of others that live
  absl::Status OnReport(v1::RoleReport report, const std::string& peer) ABSL_LOCKS_EXCLUDED(mu_);
  // The stream of the process has ended without a goodbye.
  void OnBroken(uint64_t instance) ABSL_LOCKS_EXCLUDED(mu_);

  // Whether the process has said goodbye, or is lost: false for one that is not known.
  bool Gone(uint64_t instance) const ABSL_LOCKS_EXCLUDED(mu_);
  // Ordered by role, then state, then name.
  std::vector<Member> members() const ABSL_LOCKS_EXCLUDED(mu_);

 private:
  struct Entry {
    v1::RoleReport report;
    std::optional<WeightsAge> age;
    std::string peer;
    MemberState state = MemberState::kJoined;
    Instant changed;
    absl::Time changed_at;
    absl::Time first_joined_at;
    Instant heard;
    bool broken = false;
    double rate = 0;
  };

  // The state that follows from the time that has passed, and the moment when it began.
  MemberState StateAt(const Entry& entry, Instant now, Instant* began) const;
  // Brings all entries up to date, and forgets the old ones.
  void Refresh(Instant now) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Change(Entry& entry, MemberState state, Instant began, Instant now) const;
  bool MakeRoom() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const MemberTableOptions options_;
  Clock& clock_;

  mutable Mutex mu_;
  mutable std::map<uint64_t, Entry> entries_ ABSL_GUARDED_BY(mu_);  // By instance.
};

// `pages` (http://HOST:PORT) of a process at the address `peer`: a HOST that stands for all addresses of its machine is
// replaced by that of the peer.
std::string ReachablePages(const std::string& pages, const std::string& peer);

// Refuses what a report must not say, and makes its texts printable.
absl::Status CleanReport(v1::RoleReport& report);

}  // namespace recbots
