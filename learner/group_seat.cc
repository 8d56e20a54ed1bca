#include "learner/group_seat.h"

#include <limits.h>
#include <unistd.h>

#include <random>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "actor/client/run_identity.h"
#include "common/base/descriptors.h"
#include "common/base/host_port.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "common/config/group_rules.h"
#include "learner/group/gloo_collective.h"

namespace recbots {
namespace {

constexpr absl::Duration kLook = absl::Milliseconds(100);
constexpr absl::Duration kSay = absl::Seconds(5);
constexpr char kAutoHost[] = "auto", kLoopback[] = "127.0.0.1";
constexpr int kMaxTimeoutSeconds = 86400;
// File descriptors of a learner that is alone, and of each other learner.
constexpr int kDescriptors = 64, kDescriptorsPerLearner = 2;

absl::Status Refuse(const absl::string_view flag, const absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("--", flag, ": ", why));
}

}  // namespace

absl::Status GroupSeat::ReadFlags() {
  const CommandLine& flags = role_.flags();
  RECBOTS_ASSIGN_OR_RETURN(learners_, flags.WholeNumber<int>("learners", 1, kMaxLearners));
  RECBOTS_ASSIGN_OR_RETURN(const int seconds, flags.WholeNumber<int>("group_timeout", 1, kMaxTimeoutSeconds));
  deadline_ = absl::Seconds(seconds);
  if (!flags.has("join")) {
    if (flags.has("rank")) return Refuse("rank", "goes with --join; the learner without --join has rank 0");
    return alone() ? absl::OkStatus() : CheckDescriptorLimit(kDescriptors + kDescriptorsPerLearner * learners_);
  }
  leader_ = flags.value("join");
  const absl::StatusOr<std::vector<std::string>> address = ParseAddresses(leader_);
  if (!address.ok()) return Refuse("join", absl::StrCat("'", leader_, "': ", address.status().message()));
  if (address->size() != 1) return Refuse("join", absl::StrCat(address->size(), " addresses, want 1"));
  if (alone()) return Refuse("learners", absl::StrCat("1 with --join, want 2..", kMaxLearners, " as at rank 0"));
  if (flags.has("rank")) {
    RECBOTS_ASSIGN_OR_RETURN(rank_, flags.WholeNumber<int>("rank", 1, learners_ - 1));
  }
  for (const char* of_leader : {"run_dir", "fresh", "resume", "keep"}) {
    if (flags.has(of_leader)) return Refuse(of_leader, "is for the learner of rank 0, and not for one with --join");
  }
  return CheckDescriptorLimit(kDescriptors + kDescriptorsPerLearner * learners_);
}

absl::Status GroupSeat::CheckTable(size_t row_bytes) const {
  return CheckGroup(role_.config(), learners_, static_cast<int64_t>(row_bytes));
}

void GroupSeat::Prepare(v1::RunManifest run, v1::ExperimentIdentity identity) {
  if (alone()) return;
  terms_ = {learners_, ThisBuild(), std::move(run)};
  if (follows()) {
    client_ = std::make_unique<GroupClient>(leader_, role_.security());
    return;
  }
  board_ = std::make_unique<GroupBoard>(terms_, [this, identity = std::move(identity)](const v1::RunManifest& there) {
    return DifferenceTo(there, role_.config(), identity);
  });
  service_ = std::make_unique<GroupService>(*board_, role_.security());
}

absl::StatusOr<GroupPlace> GroupSeat::GatherAtLeader(const RetryOptions& retry) {
  const Instant start = Instant::Now();
  Instant said = start;
  while (!board_->AwaitComplete(Instant::Now() + kLook)) {
    if (role_.shutdown().requested()) return absl::CancelledError("told to end before the group was complete");
    const Instant now = Instant::Now();
    const int joined = board_->place(now).joined;
    if (now - start > retry.give_up_after) {
      return absl::DeadlineExceededError(
          absl::StrCat(joined, " of ", learners_, " learners are there after ", absl::FormatDuration(now - start)));
    }
    if (now - said < kSay) continue;
    said = now;
    RECBOTS_LOG(INFO) << "waiting for the other learners" << Field("there", joined) << Field("want", learners_);
  }
  return board_->place(Instant::Now());
}

absl::StatusOr<GroupPlace> GroupSeat::Gather() {
  RECBOTS_ASSIGN_OR_RETURN(const RetryOptions retry, role_.PeerRetryOptions());
  role_.SetActivity("waiting for the other learners");
  if (!follows()) return GatherAtLeader(retry);
  const GroupHello hello = {
      .process = std::random_device()() | uint64_t{std::random_device()()} << 32, .rank = rank_, .terms = terms_};
  Instant said = Instant::Now();
  const auto place = client_->Join(hello, retry, [&](int joined) {
    if (Instant::Now() - said >= kSay && joined > 0) {
      said = Instant::Now();
      RECBOTS_LOG(INFO) << "waiting for the other learners" << Field("there", joined) << Field("want", learners_);
    }
    return !role_.shutdown().requested();
  });
  const bool refused = absl::IsFailedPrecondition(place.status()) || absl::IsAlreadyExists(place.status());
  return refused ? BadConfiguration(place.status()) : place;
}

absl::StatusOr<LearnerGroup*> GroupSeat::Form(Algorithm& algorithm) {
  if (!algorithm.tensors().gradients.flat().is_cpu()) {
    return BadConfiguration(Refuse("learners", absl::StrCat(learners_, ", want 1 where learners do not use the CPU")));
  }
  RECBOTS_ASSIGN_OR_RETURN(const GroupPlace place, Gather());
  place_ = place.rank;
  role_.SetActivity("connecting the learners");
  GroupStore& store = follows() ? static_cast<GroupStore&>(*client_) : *board_;
  std::string host = role_.flags().value("group_host");
  if (host == kAutoHost) {
    char name[HOST_NAME_MAX + 1] = {};
    gethostname(name, sizeof(name) - 1);
    host = name;
  }
  if (role_.security() != nullptr && host != kLoopback) {
    RECBOTS_LOG(WARNING) << "gradients travel without TLS and token (docs/security.md)" << Field("group_host", host);
  }
  absl::StatusOr<std::unique_ptr<Collective>> gloo =
      ConnectGloo({.rank = place.rank, .size = learners_, .host = host, .deadline = deadline_}, store);
  if (absl::IsInvalidArgument(gloo.status())) return BadConfiguration(gloo.status());
  if (!gloo.ok()) {
    return WouldGoOn(absl::UnavailableError(
        absl::StrCat("the ", learners_, " learners are not connected with each other: ", gloo.status().message())));
  }
  group_ =
      std::make_unique<LearnerGroup>(LearnerGroupOptions{.rank = place.rank, .size = learners_, .deadline = deadline_},
                                     *std::move(gloo), store, algorithm);
  const absl::Status shared = group_->ShareState();
  if (!shared.ok()) return absl::IsUnavailable(shared) ? WouldGoOn(shared) : shared;
  RECBOTS_LOG(INFO) << "learners train as one" << Field("rank", place.rank) << Field("learners", learners_)
                    << Field("update", algorithm.updates());
  return group_.get();
}

StatusSection GroupSeat::Page() const {
  StatusSection page{"Learners", {{"learners", absl::StrCat(learners_)}}};
  const int rank = place_;
  page.rows.push_back({"rank", rank < 0 ? "not known yet" : absl::StrCat(rank)});
  if (follows()) {
    page.rows.push_back({"rank 0", leader_});
  } else {
    const std::vector<std::string> peers = board_ == nullptr ? std::vector<std::string>() : board_->peers();
    for (size_t i = 0; i < peers.size(); ++i) {
      page.rows.push_back({absl::StrCat("rank ", i + 1), peers[i].empty() ? "not there" : peers[i]});
    }
  }
  return page;
}

}  // namespace recbots
