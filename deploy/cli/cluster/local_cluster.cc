#include "deploy/cli/cluster/local_cluster.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <iostream>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "common/base/file_descriptor.h"
#include "common/base/instant.h"
#include "common/base/program.h"
#include "common/base/status_macros.h"
#include "common/role/roles.h"
#include "common/role/run_directory.h"
#include "deploy/cli/cluster/group_watch.h"
#include "deploy/cli/cluster/held_signals.h"

namespace recbots {
namespace {

constexpr int kExcerptLines = 5;

class Cluster {
 public:
  Cluster(const LocalClusterOptions& options, const ClusterAddresses& addresses)
      : options_(options),
        addresses_(addresses),
        restarts_(options.restarts),
        group_({options.group_timeout + options.save + options.last_checkpoint, options.drain}) {}

  absl::Status Start();
  ClusterEnd Watch(const HeldSignals& signals);
  void End();
  const std::string& learner_line() const { return learner_line_; }

 private:
  // The programs to start, the learner first.
  std::vector<ChildOptions> Plan() const;
  void AddReplay(std::vector<ChildOptions>& plan) const;
  void AddLearners(std::vector<ChildOptions>& plan, std::vector<std::string> flags, const std::string& to_replay) const;
  ChildOptions Role(const std::string& role, const std::string& name, std::vector<std::string> flags) const;
  // Takes what the learner has printed, and waits up to `patience` for it. Returns whether there was anything.
  bool PassOnLearnerLines(absl::Duration patience);
  void NoteLines(absl::string_view text);
  static bool IsService(const ChildProcess& child);
  void AwaitEnd(const std::vector<ChildProcess*>& group, Instant deadline);

  // One of the programs to start.
  struct Member {
    ChildOptions options;
    std::unique_ptr<ChildProcess> process;
    Instant started = Instant::Now();
    Instant start_again = Instant::InfiniteFuture();  // While it is down.
  };
  // Whether the run ends with the death of this member; otherwise says that it has died, and plans its return.
  bool IsTheEnd(Member& member, ClusterEnd& end);
  // The same for several learners, which end and come back together. Call it often.
  bool GroupIsTheEnd(ClusterEnd& end);
  bool GroupHasEnded(ClusterEnd& end);
  void NoteEnd(const Member& member, ClusterEnd& end) const;
  absl::Span<Member> learners() { return absl::MakeSpan(members_).first(static_cast<size_t>(options_.num_learners)); }
  bool StartIfDue(Member& member, ClusterEnd& end);
  absl::Status StartAgain(Member& member);
  void Say(const std::string& line);

  const LocalClusterOptions& options_;
  const ClusterAddresses& addresses_;
  Restarts restarts_;
  GroupWatch group_;
  std::vector<Member> members_;  // The learner first. Fewer than planned if one could not be started.
  FileDescriptor learner_log_;
  std::string learner_line_;  // The last complete line of the learner.
  std::string begun_line_;    // The part of the next line that has come.
};

ChildOptions Cluster::Role(const std::string& role, const std::string& name, std::vector<std::string> flags) const {
  ChildOptions child;
  child.name = name;
  child.log_path = absl::StrCat(options_.run_dir, "/", name, ".log");
  child.append_log = options_.append_logs;
  child.lock_descriptor = options_.lock_descriptor;
  child.arguments = {absl::StrCat(options_.program_dir, "/recbots-", role),
                     absl::StrCat("--config=", options_.config_path), absl::StrCat("--run_dir=", options_.run_dir)};
  child.arguments.insert(child.arguments.end(), flags.begin(), flags.end());
  return child;
}

void Cluster::AddReplay(std::vector<ChildOptions>& plan) const {
  const bool one = addresses_.replay.size() == 1;
  for (size_t i = 0; i < addresses_.replay.size(); ++i) {
    std::vector<std::string> flags = {absl::StrCat("--listen=", addresses_.replay[i])};
    flags.push_back(absl::StrCat("--checkpoint_dir=", options_.run_dir, "/", kRunRowsFolder));
    if (options_.allow_other_experiment) flags.push_back("--allow_other_experiment");
    plan.push_back(Role("replay", one ? "replay" : absl::StrCat("replay-", i), std::move(flags)));
  }
}

// The one of rank 0 first.
void Cluster::AddLearners(std::vector<ChildOptions>& plan, std::vector<std::string> flags,
                          const std::string& to_replay) const {
  const std::vector<std::string> of_group = {
      absl::StrCat("--learners=", options_.num_learners),
      absl::StrCat("--group_timeout=", absl::ToInt64Seconds(options_.group_timeout))};
  if (options_.num_learners > 1) flags.insert(flags.end(), of_group.begin(), of_group.end());
  plan.push_back(Role("learner", "learner", std::move(flags)));
  plan[0].pipe_stdout = true;
  for (int rank = 1; rank < options_.num_learners; ++rank) {
    ChildOptions learner = Role("learner", absl::StrCat("learner-", rank), {to_replay});
    // The run directory is that of rank 0.
    learner.arguments.erase(learner.arguments.begin() + 2);
    learner.arguments.insert(learner.arguments.end(), of_group.begin(), of_group.end());
    learner.arguments.push_back(absl::StrCat("--join=", addresses_.learner));
    learner.arguments.push_back(absl::StrCat("--rank=", rank));
    plan.push_back(std::move(learner));
  }
}

std::vector<ChildOptions> Cluster::Plan() const {
  const std::string to_replay = absl::StrCat("--replay=", absl::StrJoin(addresses_.replay, ","));
  const std::string to_learner = absl::StrCat("--learner=", addresses_.learner);
  std::vector<std::string> learner_flags = {absl::StrCat("--listen=", addresses_.learner), to_replay,
                                            absl::StrCat("--http=", options_.learner_http)};
  if (options_.keep) learner_flags.push_back("--keep");
  if (!options_.networks_of.empty()) learner_flags.push_back(absl::StrCat("--resume=", options_.networks_of));
  if (options_.allow_other_experiment) learner_flags.push_back("--allow_other_experiment");
  std::vector<ChildOptions> plan;
  AddLearners(plan, std::move(learner_flags), to_replay);
  AddReplay(plan);
  for (int i = 0; i < options_.num_actors; ++i) {
    plan.push_back(Role("actor", absl::StrCat("actor-", i), {to_replay, to_learner}));
  }
  plan.push_back(Role("evaluator", "evaluator", {to_learner}));
  return plan;
}

absl::Status Cluster::Start() {
  const std::vector<ChildOptions> plan = Plan();
  // Tests all logs before the first role starts: a run that ends at once has nothing to save.
  for (const ChildOptions& child : plan) RECBOTS_RETURN_IF_ERROR(ChildProcess::TryLog(child));
  for (const ChildOptions& child : plan) {
    RECBOTS_ASSIGN_OR_RETURN(ChildProcess process, ChildProcess::Start(child));
    members_.push_back({child, std::make_unique<ChildProcess>(std::move(process))});
    members_.back().options.append_log = true;
  }
  learner_log_ = FileDescriptor(open(members_[0].options.log_path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
  return absl::OkStatus();
}

bool Cluster::PassOnLearnerLines(absl::Duration patience) {
  if (members_.empty()) return false;
  pollfd source{members_[0].process->stdout_fd(), POLLIN, 0};
  const auto milliseconds = static_cast<int>(absl::ToInt64Milliseconds(patience));
  if (poll(&source, 1, milliseconds) > 0 && (source.revents & POLLIN) != 0) {
    std::array<char, 4096> buffer;
    const ssize_t n = read(source.fd, buffer.data(), buffer.size());
    if (n <= 0) return false;
    const absl::string_view text(buffer.data(), static_cast<size_t>(n));
    WriteAll(learner_log_.get(), text);
    if (!options_.quiet) std::cout << text << std::flush;
    NoteLines(text);
    return true;
  }
  // At the end of the stream poll returns at once although there is nothing to read.
  if ((source.revents & POLLHUP) != 0) absl::SleepFor(absl::Milliseconds(5));
  return false;
}

void Cluster::NoteLines(absl::string_view text) {
  absl::StrAppend(&begun_line_, text);
  for (size_t end = 0; (end = begun_line_.find('\n')) != std::string::npos; begun_line_.erase(0, end + 1)) {
    learner_line_ = begun_line_.substr(0, end);
  }
}

ClusterEnd Cluster::Watch(const HeldSignals& signals) {
  ClusterEnd end;
  while (true) {
    PassOnLearnerLines(absl::Milliseconds(20));
    if (signals.Came()) {
      end.cause = ClusterEnd::Cause::kInterrupted;
      return end;
    }
    const bool is_group = options_.num_learners > 1;
    if (is_group && GroupIsTheEnd(end)) return end;
    for (Member& member : absl::MakeSpan(members_).subspan(is_group ? learners().size() : 0)) {
      if (member.process->Running()) continue;
      const bool down = member.start_again < Instant::InfiniteFuture();
      if (!down && IsTheEnd(member, end)) return end;
      if (!StartIfDue(member, end)) return end;
    }
  }
}

bool Cluster::IsTheEnd(Member& member, ClusterEnd& end) {
  const ChildProcess& process = *member.process;
  const bool is_learner = &member == &members_[0];
  end.exit_code = process.exit_code();
  if (is_learner && end.exit_code == 0 && (!options_.is_over || options_.is_over())) return true;
  const bool failed_by_itself = end.exit_code > 0 && end.exit_code <= 128;
  const bool final = end.exit_code == kExitBadUsage || (is_learner && failed_by_itself);
  const Instant now = Instant::Now();
  const std::optional<Instant> again =
      final ? std::nullopt : restarts_.OnDeath(member.options.name, now - member.started, now);
  if (!again.has_value()) {
    NoteEnd(member, end);
    return true;
  }
  member.start_again = *again;
  Say(absl::StrCat("recbots: ", process.name(), " ended with code ", end.exit_code,
                   " and is started again; its last line: ", process.LastLogLines(1)));
  return false;
}

void Cluster::NoteEnd(const Member& member, ClusterEnd& end) const {
  end.cause = ClusterEnd::Cause::kRoleDied;
  end.dead_role = member.process->name();
  end.exit_code = member.process->exit_code();
  end.log_excerpt = member.process->LastLogLines(kExcerptLines);
}

bool Cluster::GroupIsTheEnd(ClusterEnd& end) {
  if (learners().front().start_again < Instant::InfiniteFuture()) {
    for (Member& learner : learners()) {
      if (!StartIfDue(learner, end)) return true;
    }
    return false;
  }
  std::vector<LearnerProcess> processes;
  for (Member& learner : learners()) {
    const bool running = learner.process->Running();
    processes.push_back({running, learner.process->exit_code()});
  }
  switch (group_.Look(processes, Instant::Now())) {
    case GroupWatch::Advice::kNothing:
      return false;
    case GroupWatch::Advice::kKill:
      for (Member& learner : learners()) learner.process->Signal(SIGKILL);
      return false;
    case GroupWatch::Advice::kEnded:
      return GroupHasEnded(end);
  }
  return false;
}

bool Cluster::GroupHasEnded(ClusterEnd& end) {
  end.exit_code = learners().front().process->exit_code();
  if (end.exit_code == 0 && (!options_.is_over || options_.is_over())) return true;
  const Member& cause = learners()[group_.cause()];
  const Instant now = Instant::Now();
  const std::optional<Instant> again =
      group_.final() ? std::nullopt : restarts_.OnDeath("learner", now - learners().front().started, now);
  if (!again.has_value()) {
    NoteEnd(cause, end);
    return true;
  }
  for (Member& learner : learners()) learner.start_again = *again;
  Say(absl::StrCat("recbots: ", cause.process->name(),
                   group_.hung() ? " hung" : absl::StrCat(" ended with code ", cause.process->exit_code()),
                   ", and all ", options_.num_learners,
                   " learners are started again; its last line: ", cause.process->LastLogLines(1)));
  group_.Restart();
  return false;
}

// False: it is due and cannot be started.
bool Cluster::StartIfDue(Member& member, ClusterEnd& end) {
  if (member.start_again > Instant::Now()) return true;
  const absl::Status started = StartAgain(member);
  if (started.ok()) return true;
  end.cause = ClusterEnd::Cause::kRoleDied;
  end.dead_role = member.options.name;
  end.log_excerpt = std::string(started.message());
  return false;
}

absl::Status Cluster::StartAgain(Member& member) {
  RECBOTS_ASSIGN_OR_RETURN(ChildProcess process, ChildProcess::Start(member.options));
  member.process = std::make_unique<ChildProcess>(std::move(process));
  member.started = Instant::Now();
  member.start_again = Instant::InfiniteFuture();
  if (&member == &members_[0]) begun_line_.clear();  // The line that its predecessor did not end.
  return absl::OkStatus();
}

void Cluster::Say(const std::string& line) {
  WriteAll(learner_log_.get(), line + "\n");
  if (!options_.quiet) std::cout << line << std::endl;
}

void Cluster::End() {
  absl::Duration patience = options_.drain;
  // Actors and evaluator end first, so that they can still send their rows and reports to the services.
  std::vector<ChildProcess*> workers, services;
  for (const Member& member : members_)
    (IsService(*member.process) ? services : workers).push_back(member.process.get());
  for (const std::vector<ChildProcess*>& group : {workers, services}) {
    for (ChildProcess* child : group) child->Signal(SIGTERM);
    AwaitEnd(group, Instant::Now() + patience);
    // A worker that hangs must not shorten the time in which the learner saves.
    patience = options_.drain + options_.save + options_.last_checkpoint;
  }
  while (PassOnLearnerLines(absl::ZeroDuration())) {
  }
  members_.clear();  // Kills the processes that are left.
}

bool Cluster::IsService(const ChildProcess& child) {
  // The part of "actor-0" before the number.
  const RoleKind* role = FindRole(child.name().substr(0, child.name().find('-')));
  return role != nullptr && role->serves;
}

void Cluster::AwaitEnd(const std::vector<ChildProcess*>& group, Instant deadline) {
  bool running = true;
  while (running && Instant::Now() < deadline) {
    PassOnLearnerLines(absl::Milliseconds(5));
    running = false;
    for (ChildProcess* child : group) running |= child->Running();
  }
}

}  // namespace

absl::StatusOr<ClusterEnd> RunLocalCluster(const LocalClusterOptions& options, const ClusterAddresses& addresses) {
  const HeldSignals signals;
  Cluster cluster(options, addresses);
  absl::Status status = cluster.Start();
  ClusterEnd end;
  if (status.ok()) end = cluster.Watch(signals);
  cluster.End();
  if (!status.ok()) return status;
  end.learner_line = cluster.learner_line();
  return end;
}

}  // namespace recbots
