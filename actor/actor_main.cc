// recbots-actor: many simulated users, one policy, a stream of transitions.
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "actor/client/experiment_identity.h"
#include "actor/client/make_scenario.h"
#include "actor/external/program_watch.h"
#include "actor/external/remote_program.h"
#include "actor/loop/environment_loop.h"
#include "actor/loop/exploration.h"
#include "actor/loop/replay_sink.h"
#include "common/algorithms/make_policy.h"
#include "common/algorithms/transition_options.h"
#include "common/base/instant.h"
#include "common/base/log.h"
#include "common/base/pacer.h"
#include "common/base/status_macros.h"
#include "common/config/config.h"
#include "common/rl/transition.h"
#include "common/role/role.h"
#include "learner/client/lease_keeper.h"
#include "learner/client/weights_watcher.h"
#include "replay/client/replay_writer.h"

namespace recbots {
namespace {

// How long one wait lasts before the actor looks whether it should end.
constexpr absl::Duration kPatience = absl::Milliseconds(100);
// What is kept until a checkpoint holds it, per shard of replay: a few seconds of rows, so that half of it, after which
// a checkpoint is asked for, does not ask for one all the time.
constexpr int64_t kDurableBufferBytes = int64_t{64} << 20;
// What the last rows get to reach replay at the end.
constexpr absl::Duration kDrainTime = absl::Seconds(2);

class Actor {
 public:
  explicit Actor(Role& role)
      : role_(role),
        config_(role.config()),
        room_(absl::StrCat("room in table ", role.config().replay().table().name())) {}

  absl::Status Run();

 private:
  absl::Status MakeParts();
  absl::Status Connect();
  // For environments in programs of their own.
  ExternalHooks Hooks();
  // Streams that no user has had, from the learner.
  absl::StatusOr<uint32_t> NewStreams();
  // Waits for weights when there are none, or when they are too old and no newer ones come; takes newer ones over.
  absl::Status RefreshWeights();
  // Waits until replay wants the rows of a step: played earlier they would only be older when they come in.
  absl::Status AwaitRoom();
  absl::Status Act();
  // Hands over the last rows, as far as replay takes them.
  void Drain();
  WaitFor Room() const { return {.thing = room_, .peer = role_.flags().value("replay")}; }
  void RefreshMetrics();
  v1::RoleReport Report() const;
  std::vector<StatusSection> Pages() const;

  Role& role_;
  const v1::ExperimentConfig& config_;
  RowSchema schema_;
  std::unique_ptr<Scenario> scenario_;
  std::unique_ptr<NetworkPolicy> policy_;
  std::unique_ptr<replay::ReplayWriter> writer_;
  std::unique_ptr<WeightsWatcher> watcher_;
  std::shared_ptr<const Weights> weights_;
  std::unique_ptr<Environment> environment_;
  std::unique_ptr<ReplaySink> sink_;
  std::unique_ptr<EnvironmentLoop> loop_;
  const std::string room_;                 // What the actor waits for while replay takes no rows.
  int64_t acknowledged_rows_ = 0;          // When the metrics were refreshed last.
  std::shared_ptr<const Weights> seen_;    // The newest ones while it waited.
  std::unique_ptr<ProgramWatch> program_;  // Null unless the environment is a program of its own.
  std::unique_ptr<HttpServer> http_;
  std::unique_ptr<LeaseKeeper> lease_;
};

absl::Status Actor::MakeParts() {
  absl::StatusOr<std::unique_ptr<Scenario>> scenario = MakeTrainingScenario(config_, {.actors = 1}, Hooks());
  if (!scenario.ok()) return BadConfiguration(scenario.status());
  scenario_ = *std::move(scenario);
  RECBOTS_ASSIGN_OR_RETURN(schema_, TransitionSchema(scenario_->spec(), TransitionOptionsOf(config_.algorithm())));
  absl::StatusOr<std::unique_ptr<NetworkPolicy>> policy =
      MakePolicy(config_.algorithm(), scenario_->spec(), config_.actor().users(), config_.seed());
  if (!policy.ok()) return BadConfiguration(policy.status());
  policy_ = *std::move(policy);
  return absl::OkStatus();
}

absl::Status Actor::Connect() {
  RECBOTS_ASSIGN_OR_RETURN(const RetryOptions retry, role_.PeerRetryOptions());
  WeightsWatcherOptions watcher;
  RECBOTS_ASSIGN_OR_RETURN(watcher.address, role_.PeerAddress("learner"));
  watcher.role = v1::WORKER_ROLE_ACTOR;
  watcher.worker_name = role_.process_name();
  watcher.instance = role_.instance();
  RECBOTS_ASSIGN_OR_RETURN(watcher.configuration, SharedConfigurationOf(config_, *scenario_));
  watcher.num_streams = config_.actor().users();
  watcher.retry = retry;
  watcher.security = role_.security();
  replay::ReplayWriterOptions writer;
  RECBOTS_ASSIGN_OR_RETURN(writer.address, role_.PeerAddress("replay"));
  writer.writer_name = role_.process_name();
  RECBOTS_ASSIGN_OR_RETURN(writer.identity, ExperimentIdentityOf(config_, *scenario_));
  writer.block_bytes = config_.actor().block_bytes();
  writer.max_delay = absl::Seconds(config_.actor().block_delay_seconds());
  writer.retry = retry;
  const double max_waiting = config_.replay().max_waiting_seconds();
  if (config_.replay().max_waiting_rows() > 0 && max_waiting > 0) writer.max_waiting = absl::Seconds(max_waiting);
  writer.durable = config_.replay().durable_writers();
  if (writer.durable) writer.buffer_bytes = kDurableBufferBytes;
  writer.security = role_.security();
  RECBOTS_ASSIGN_OR_RETURN(writer_, replay::ReplayWriter::Create(schema_, writer));
  watcher_ = WeightsWatcher::Start(watcher);
  // Pages show both: not before they are there.
  RECBOTS_ASSIGN_OR_RETURN(http_, role_.StartHttp([this] { return Pages(); }));
  lease_ = std::make_unique<LeaseKeeper>(LeaseKeeperOptions{.address = watcher.address,
                                                            .security = watcher.security,
                                                            .report = [this] { return Report(); },
                                                            .waits = &role_.waits()});
  role_.stalls().Begin("step");
  return absl::OkStatus();
}

ExternalHooks Actor::Hooks() {
  if (!config_.environment().has_external()) return {};
  ExternalHooks hooks = {.stop = [this] { return role_.shutdown().requested(); },
                         .waits = &role_.waits(),
                         .new_streams = [this](int) { return NewStreams(); },
                         .connect = ConnectToEnvironment};
  program_ = std::make_unique<ProgramWatch>(role_.metrics());
  program_->Watch(hooks);
  return hooks;
}

absl::StatusOr<uint32_t> Actor::NewStreams() {
  watcher_->AskForStreams();
  const ScopedWait wait(&role_.waits(), {.thing = "other random streams", .peer = role_.flags().value("learner")});
  while (!watcher_->first_stream().has_value()) {
    if (role_.shutdown().AwaitFor(absl::Milliseconds(10))) return absl::CancelledError("told to stop");
    RECBOTS_RETURN_IF_ERROR(watcher_->status());
  }
  return static_cast<uint32_t>(*watcher_->first_stream());
}

absl::Status Actor::RefreshWeights() {
  std::shared_ptr<const Weights> newest = watcher_->newest();
  const double max_age = config_.actor().max_weights_age_seconds();
  const auto must_wait = [&] {
    return newest == nullptr || (max_age > 0 && !watcher_->connected() && watcher_->age() > absl::Seconds(max_age));
  };
  std::optional<ScopedWait> wait;
  while (must_wait() && !role_.shutdown().requested()) {
    if (!wait.has_value()) {
      wait.emplace(&role_.waits(), WaitFor{.thing = newest == nullptr ? "weights" : "newer weights",
                                           .peer = role_.flags().value("learner")});
    }
    // A schema that replay refuses shows while there is still nothing to act with.
    RECBOTS_RETURN_IF_ERROR(writer_->status());
    const auto newer = watcher_->AwaitNewer(newest, Instant::Now() + kPatience);
    if (!newer.ok() && !absl::IsDeadlineExceeded(newer.status())) return newer.status();
    if (!newer.ok()) RECBOTS_RETURN_IF_ERROR(watcher_->status());
    newest = watcher_->newest();
  }
  if (newest == nullptr || newest == weights_) return absl::OkStatus();
  RECBOTS_RETURN_IF_ERROR(policy_->SetWeights(newest->payload));
  const int index = newest->header.worker_index();
  const double share = PolicyShare(config_.actor(), index, newest->header.env_steps());
  policy_->SetPolicyShare(share);
  role_.metrics().gauge(metric::kActorPolicyShare).Set(share);
  if (weights_ == nullptr || weights_->header.worker_index() != index) {
    RECBOTS_LOG(INFO) << "acting" << Field("index", index) << Field("policy_share", share)
                      << Field("users", config_.actor().users())
                      << Field("first_stream", watcher_->first_stream().value_or(-1))
                      << Field("version", newest->header.version());
  }
  weights_ = std::move(newest);
  return absl::OkStatus();
}

absl::Status Actor::AwaitRoom() {
  std::optional<ScopedWait> wait;
  while (!role_.shutdown().requested()) {
    const Instant start = Instant::Now();
    const absl::Status room = writer_->AwaitRoom(environment_->num_users(), start + kPatience);
    if (!absl::IsDeadlineExceeded(room) || !writer_->status().ok()) return room;
    if (!wait.has_value()) {
      wait.emplace(&role_.waits(), Room(), start);
    }
    // While the learner trains, it is only slower than the actors.
    const bool limited = writer_->stats().blocked_on == replay::BlockedOn::kSpiInsert;
    if (const auto newest = watcher_->newest(); newest != seen_) {
      seen_ = newest;
      if (limited) role_.stalls().Progressed(0);
    }
    RefreshMetrics();
  }
  return absl::OkStatus();
}

absl::Status Actor::Act() {
  Pacer pacer(config_.actor().max_steps_per_second(), /*burst=*/absl::Milliseconds(20));
  pacer.Start(Instant::Now());
  Instant last_metrics = Instant::InfinitePast();
  while (!role_.shutdown().requested()) {
    RECBOTS_RETURN_IF_ERROR(AwaitRoom());
    RECBOTS_RETURN_IF_ERROR(RefreshWeights());
    if (role_.shutdown().requested()) break;
    role_.SetActivity(program_ != nullptr && program_->binds() ? "acting (bound by: environment)" : "acting");
    RECBOTS_RETURN_IF_ERROR(loop_->Step({weights_->header.version(), weights_->header.updates()}));
    role_.stalls().Count(environment_->num_users());
    if (Instant::Now() - last_metrics > kPatience) {
      RefreshMetrics();
      last_metrics = Instant::Now();
    }
    const Instant now = Instant::Now();
    const absl::Duration pause = pacer.Did(environment_->num_users(), now) - now;
    if (pause <= absl::ZeroDuration()) continue;
    const ScopedWait pace(&role_.waits(), {.thing = "its pace", .deadline = now + pause, .kind = WaitKind::kIdle}, now);
    role_.shutdown().AwaitFor(pause);
  }
  return absl::OkStatus();
}

absl::Status Actor::Run() {
  RECBOTS_RETURN_IF_ERROR(MakeParts());
  RECBOTS_RETURN_IF_ERROR(Connect());
  RECBOTS_RETURN_IF_ERROR(RefreshWeights());
  if (weights_ == nullptr) return absl::OkStatus();  // Told to end before it began.
  const std::optional<int64_t> first_stream = watcher_->first_stream();
  if (!first_stream.has_value()) {
    return absl::InternalError("the learner gave weights, but no random streams: is it of another version?");
  }
  environment_ = scenario_->MakeEnvironment(config_.actor().users(), static_cast<uint32_t>(*first_stream));
  sink_ = std::make_unique<ReplaySink>(
      *writer_, schema_.row_bytes(), [this] { return role_.shutdown().requested(); }, &role_.waits(), Room());
  loop_ = std::make_unique<EnvironmentLoop>(*environment_, *policy_, schema_, TransitionOptionsOf(config_.algorithm()),
                                            *sink_);
  role_.SetHealthy(true);
  const absl::Status status = Act();
  role_.stalls().End();
  role_.SetActivity("draining");
  role_.SetHealthy(false);
  if (!status.ok() && !role_.shutdown().requested()) return status;
  Drain();
  RefreshMetrics();
  const replay::ReplayWriterStats stats = writer_->stats();
  RECBOTS_LOG(INFO) << "drained" << Field("env_steps", loop_->env_steps()) << Field("episodes", loop_->episodes())
                    << Field("dropped_rows", stats.dropped_rows) << Field("lost_rows", stats.lost_rows);
  return absl::OkStatus();
}

void Actor::Drain() {
  const Instant deadline = Instant::Now() + kDrainTime;
  const ScopedWait wait(
      &role_.waits(),
      {.thing = "the last rows to be acknowledged", .peer = role_.flags().value("replay"), .deadline = deadline});
  // Where replay takes no more rows, because no learner samples or because it ends too, waiting is of no use.
  absl::Status flushed = writer_->Flush(Instant::Now() + kPatience);
  while (absl::IsDeadlineExceeded(flushed) && Instant::Now() < deadline &&
         writer_->stats().blocked_on == replay::BlockedOn::kNone) {
    flushed = writer_->Flush(Instant::Now() + kPatience);
  }
  writer_->Close(Instant::Now()).IgnoreError();
  if (!flushed.ok()) RECBOTS_LOG(WARNING) << "the last rows did not reach replay: " << flushed.message();
}

void Actor::RefreshMetrics() {
  Metrics& metrics = role_.metrics();
  RaiseTo(metrics.counter(metric::kActorSteps), static_cast<double>(loop_->env_steps()));
  RaiseTo(metrics.counter(metric::kActorEpisodes), static_cast<double>(loop_->episodes()));
  RaiseTo(metrics.counter(metric::kActorReward), loop_->reward());
  metrics.gauge(metric::kActorVersion).Set(static_cast<double>(weights_->header.version()));
  const replay::ReplayWriterStats stats = writer_->stats();
  RaiseTo(metrics.counter(metric::kActorDropped), static_cast<double>(stats.dropped_rows));
  RaiseTo(metrics.counter(metric::kActorLost), static_cast<double>(stats.lost_rows));
  metrics.gauge(metric::kActorWaiting).Set(static_cast<double>(stats.waiting_rows));
  // A step counts when replay has taken its rows: those that were dropped for newer ones were of no use.
  if (stats.acknowledged_rows > acknowledged_rows_) role_.stalls().Progressed(0);
  acknowledged_rows_ = stats.acknowledged_rows;
  if (program_ != nullptr) program_->Refresh(loop_->dropped_steps());
  for (const replay::BlockedOn reason : {replay::BlockedOn::kNone, replay::BlockedOn::kSpiInsert,
                                         replay::BlockedOn::kCapacity, replay::BlockedOn::kCheckpoint}) {
    const std::string label = reason == replay::BlockedOn::kNone ? "replay" : std::string(NameOf(reason));
    RaiseTo(metrics.counter(metric::kActorBlocked, label),
            absl::ToDoubleSeconds(stats.blocked[static_cast<size_t>(reason)]));
  }
}

v1::RoleReport Actor::Report() const {
  v1::RoleReport report = role_.Report();
  AddWeights(*watcher_, report);
  return report;
}

std::vector<StatusSection> Actor::Pages() const {
  const std::shared_ptr<const Weights> newest = watcher_->newest();
  const replay::ReplayWriterStats stats = writer_->stats();
  StatusSection learner{"Learner",
                        {{"connected", watcher_->connected() ? "yes" : "no"},
                         {"weights", newest == nullptr ? "none" : absl::StrCat("version ", newest->header.version())},
                         {"index", absl::StrCat(watcher_->worker_index())}}};
  StatusSection replay{"Replay",
                       {{"rows made", absl::StrCat(stats.appended_rows)},
                        {"rows acknowledged", absl::StrCat(stats.acknowledged_rows)},
                        {"rows that wait", absl::StrCat(stats.waiting_rows)},
                        {"rows dropped for newer ones", absl::StrCat(stats.dropped_rows)},
                        {"rows lost with a store", absl::StrCat(stats.lost_rows)},
                        {"connections", absl::StrCat(stats.connections)},
                        {"waits for", std::string(NameOf(stats.blocked_on))}}};
  if (program_ == nullptr) return {learner, replay};
  return {learner, replay, program_->Page()};
}

}  // namespace
}  // namespace recbots

int main(int argc, char** argv) {
  return recbots::RunRole("actor", {"replay", "learner", "peer_timeout"}, argc, argv,
                          [](recbots::Role& role) { return recbots::Actor(role).Run(); });
}
