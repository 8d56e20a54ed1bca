#include "learner/group/group_board.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/crc32c.h"
#include "common/base/file.h"
#include "common/base/status_macros.h"
#include "common/base/version.h"

namespace recbots {

GroupBoard::GroupBoard(GroupTerms terms, std::function<std::string(const v1::RunManifest&)> difference)
    : terms_(std::move(terms)), difference_(std::move(difference)), complete_(terms_.learners == 1) {}

absl::Status GroupBoard::Check(const GroupHello& hello) const {
  const auto refuse = [&hello](const auto&... why) {
    const std::string rank = hello.rank < 0 ? "" : absl::StrCat(" of rank ", hello.rank);
    return absl::FailedPreconditionError(absl::StrCat("the learner", rank, " at ", hello.peer, " ", why...));
  };
  if (hello.terms.learners != terms_.learners) {
    return refuse("has --learners=", hello.terms.learners, ", want ", terms_.learners, " as at rank 0");
  }
  if (hello.rank == 0 || hello.rank >= terms_.learners) {
    return refuse("wants rank ", hello.rank, ", want 1..", terms_.learners - 1);
  }
  if (hello.terms.build != terms_.build) {
    return refuse("is of build ", hello.terms.build, ", want ", terms_.build, " as at rank 0");
  }
  const std::string difference = difference_(hello.terms.run);
  return difference.empty() ? absl::OkStatus() : refuse("is of another experiment than rank 0: ", difference);
}

void GroupBoard::ForgetSilent(Instant now) {
  if (complete_) return;
  for (auto member = members_.begin(); member != members_.end();) {
    member = now - member->second.seen > kSilence ? members_.erase(member) : std::next(member);
  }
}

int GroupBoard::FreeRank() const {
  int rank = 1;
  while (members_.contains(rank)) ++rank;
  return rank;
}

absl::StatusOr<GroupPlace> GroupBoard::Join(const GroupHello& hello, Instant now) {
  RECBOTS_RETURN_IF_ERROR(Check(hello));
  MutexLock lock(&mu_);
  ForgetSilent(now);
  int rank = hello.rank;
  for (const auto& [taken, member] : members_) {
    if (member.process == hello.process) rank = taken;
  }
  if (rank < 0) rank = FreeRank();
  const auto there = members_.find(rank);
  const bool mine = there != members_.end() && there->second.process == hello.process;
  if (complete_ && !mine) {
    return absl::UnavailableError(
        absl::StrCat("the group of ", terms_.learners, " learners is complete: it has to end before another can join"));
  }
  if ((there != members_.end() && !mine) || rank >= terms_.learners) {
    return absl::AlreadyExistsError(absl::StrCat("rank ", rank, " is taken by the learner at ",
                                                 there == members_.end() ? "another place" : there->second.peer));
  }
  members_[rank] = {hello.process, hello.peer, now};
  complete_ = complete_ || static_cast<int>(members_.size()) == terms_.learners - 1;
  return GroupPlace{rank, static_cast<int>(members_.size()) + 1, complete_};
}

GroupPlace GroupBoard::place(Instant now) const {
  MutexLock lock(&mu_);
  int joined = 1;
  for (const auto& [rank, member] : members_) joined += complete_ || now - member.seen <= kSilence ? 1 : 0;
  return {0, joined, complete_};
}

bool GroupBoard::AwaitComplete(Instant deadline) const {
  MutexLock lock(&mu_);
  return mu_.AwaitUntil([&]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return complete_; }, deadline);
}

std::vector<std::string> GroupBoard::peers() const {
  MutexLock lock(&mu_);
  std::vector<std::string> peers(static_cast<size_t>(terms_.learners - 1));
  for (const auto& [rank, member] : members_) peers[static_cast<size_t>(rank - 1)] = member.peer;
  return peers;
}

absl::Status GroupBoard::Set(const std::string& key, const std::string& value) {
  if (key.size() > kMaxKeyBytes || value.size() > kMaxValueBytes) {
    return absl::InvalidArgumentError(absl::StrCat("a key of ", key.size(), " bytes with ", value.size(),
                                                   " bytes, want at most ", kMaxKeyBytes, " and ", kMaxValueBytes));
  }
  MutexLock lock(&mu_);
  if (values_.size() >= kMaxKeys && !values_.contains(key)) {
    return absl::InvalidArgumentError(absl::StrCat("a key beyond ", kMaxKeys));
  }
  const auto there = values_.find(key);
  const size_t bytes = value_bytes_ - (there == values_.end() ? 0 : there->second.size()) + value.size();
  if (bytes > kMaxBytes) {
    return absl::InvalidArgumentError(absl::StrCat(bytes, " bytes of values, want at most ", kMaxBytes));
  }
  value_bytes_ = bytes;
  values_[key] = value;
  return absl::OkStatus();
}

absl::StatusOr<std::string> GroupBoard::Get(const std::string& key, Instant deadline) {
  MutexLock lock(&mu_);
  if (!mu_.AwaitUntil([&]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return values_.contains(key); }, deadline)) {
    return absl::DeadlineExceededError(absl::StrCat("no value of '", key, "'"));
  }
  return values_.at(key);
}

std::string ThisBuild() {
  const absl::StatusOr<std::string> program = ReadFile("/proc/self/exe");
  return absl::StrCat(kVersion, "/", program.ok() ? absl::StrCat(absl::Hex(Crc32c(*program))) : "unknown");
}

}  // namespace recbots
