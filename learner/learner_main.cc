// recbots-learner: samples, trains, publishes, and hears how good the bot is.
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "actor/client/experiment_identity.h"
#include "actor/client/make_scenario.h"
#include "actor/client/run_identity.h"
#include "actor/recsim/catalogue_of.h"
#include "common/algorithms/transition_options.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "common/config/config.h"
#include "common/rl/transition.h"
#include "common/role/role.h"
#include "common/role/roles.h"
#include "common/role/run_directory.h"
#include "common/rpc/rpc_server.h"
#include "learner/group_seat.h"
#include "learner/learner_pages.h"
#include "learner/learner_roles.h"
#include "learner/loop/learner_loop.h"
#include "learner/loop/networks_of.h"
#include "learner/loop/placed_algorithm.h"
#include "learner/loop/replay_batch_source.h"
#include "learner/loop/run_checkpointer.h"
#include "learner/loop/run_section.h"
#include "learner/run/report.h"
#include "learner/run/result_text.h"
#include "learner/run/run_record.h"
#include "learner/run/stream_ledger.h"
#include "learner/service/weights_service.h"
#include "replay/client/replay_sampler.h"

namespace recbots {
namespace {

// For the last checkpoint. A disk that takes longer is lost time: the checkpoint before stays valid.
constexpr absl::Duration kLastCheckpoint = absl::Seconds(20);

// Everything a learner is made of, in the order in which it is made.
class Learner {
 public:
  explicit Learner(Role& role) : role_(role), seat_(role), record_(role.config(), role.run_dir()) {}

  ~Learner() {
    if (http_ != nullptr) http_->Stop();  // Nobody asks the pages while they end, also where something has failed.
    if (server_ != nullptr) server_->Stop();
    pages_.Stop();
  }

  absl::Status Run();

 private:
  // What follows from the configuration and the run directory alone: errors are faults of usage. CANCELLED: told to
  // end.
  absl::Status ReadConfiguration();
  // Looks for the run that lies in the run directory, and for its end.
  absl::Status FindRun();
  // Takes over the networks of another run, where this one begins.
  absl::Status TakeNetworks();
  absl::Status MakeSampler();
  void MakeLoop();
  // Begins the run, or goes on with it.
  absl::Status BeginRun();
  absl::Status Serve();
  // What is left of Run for a learner that does not lead its group.
  absl::Status Follow();
  // Trains, together with the other learners where there are several.
  absl::Status Train();
  // The result of a run that had ended; nullopt: there is something left to do.
  std::optional<SavedReport> Ended() const;
  absl::Status Checkpoint(v1::LearnerState state, bool last);
  absl::Status OnEnding(const RunEnd& end);
  std::vector<StatusSection> Pages() const;

  Role& role_;
  GroupSeat seat_;  // Outlives the server and the loop.
  v1::ExperimentIdentity identity_;
  v1::ExperimentIdentity configuration_;
  RowSchema schema_;
  std::shared_ptr<const Catalogue> catalogue_;
  RunRecord record_;
  WeightStore store_;
  LearnerRoles roles_{role_, record_.state(), store_};
  LearnerPages pages_{role_, record_, store_, [this] { return service_.get(); }};
  PlacedAlgorithm placed_;
  std::unique_ptr<StreamLedger> streams_;
  std::unique_ptr<replay::ReplaySampler> sampler_;
  std::unique_ptr<ReplayBatchSource> batches_;
  std::unique_ptr<WeightsService> service_;
  std::unique_ptr<RpcServer> server_;
  std::unique_ptr<LearnerLoop> loop_;
  std::unique_ptr<RunCheckpointer> checkpointer_;  // Null: without a run directory.
  std::optional<RunCheckpoint> resumed_;
  std::unique_ptr<HttpServer> http_;
};

absl::Status Learner::ReadConfiguration() {
  const v1::ExperimentConfig& config = role_.config();
  RECBOTS_RETURN_IF_ERROR(seat_.ReadFlags());
  RECBOTS_ASSIGN_OR_RETURN(std::unique_ptr<Scenario> scenario, MakeTrainingScenario(config, {.learners = 1}));
  RECBOTS_RETURN_IF_ERROR(CheckGoal(config, *scenario, [this] { return role_.shutdown().requested(); }));
  const EnvironmentSpec spec = scenario->spec();
  RECBOTS_ASSIGN_OR_RETURN(placed_, PlaceAlgorithm(config, spec, seat_.rank()));
  std::cout << placed_.line << std::endl;
  catalogue_ = CatalogueOf(*scenario);
  RECBOTS_ASSIGN_OR_RETURN(identity_, ExperimentIdentityOf(config, *scenario));
  RECBOTS_ASSIGN_OR_RETURN(configuration_, SharedConfigurationOf(config, *scenario));
  seat_.Prepare(MakeRunManifest(kLearnerProgram, config, identity_), identity_);
  RECBOTS_ASSIGN_OR_RETURN(schema_, TransitionSchema(spec, TransitionOptionsOf(config.algorithm())));
  RECBOTS_RETURN_IF_ERROR(seat_.CheckTable(schema_.row_bytes()));
  RECBOTS_RETURN_IF_ERROR(record_.Claim(kLearnerProgram));
  StreamLedgerOptions streams;
  if (!role_.run_dir().empty()) streams.path = absl::StrCat(role_.run_dir(), "/", kStreamsFile);
  streams.multiple = spec.users_per_session;
  RECBOTS_ASSIGN_OR_RETURN(streams_, StreamLedger::Create(streams));
  pages_.SetScenario(std::move(scenario));
  return absl::OkStatus();
}

absl::Status Learner::TakeNetworks() {
  const std::string& of = role_.flags().value("resume");
  if (of.empty() || resumed_.has_value()) return absl::OkStatus();
  RECBOTS_ASSIGN_OR_RETURN(const std::string line, LoadNetworksOf(of, *placed_.algorithm));
  std::cout << line << std::endl;
  return absl::OkStatus();
}

absl::Status Learner::FindRun() {
  if (role_.run_dir().empty() || role_.flags().has("fresh")) return absl::OkStatus();
  RECBOTS_ASSIGN_OR_RETURN(resumed_,
                           RunCheckpoints(role_.run_dir(), role_.config().learner().checkpoint().keep()).Newest());
  if (!resumed_.has_value()) return absl::OkStatus();
  const bool allow_other = role_.flags().has(kAllowOtherExperiment);
  RECBOTS_RETURN_IF_ERROR(
      CheckSameRun(role_.run_dir(), resumed_->manifest, kLearnerProgram, role_.config(), identity_, allow_other));
  const absl::Status loaded = placed_.algorithm->LoadState(resumed_->state.algorithm());
  if (loaded.ok() || !allow_other) return loaded;
  RECBOTS_LOG(WARNING) << "the networks begin from scratch, those of the run do not fit: " << loaded.message();
  resumed_.reset();
  return absl::OkStatus();
}

std::optional<SavedReport> Learner::Ended() const {
  if (!resumed_.has_value() || role_.flags().has("keep")) return std::nullopt;
  return EndOfRun(role_.run_dir(), role_.config().goal(), *resumed_);
}

absl::Status Learner::MakeSampler() {
  const v1::ExperimentConfig& config = role_.config();
  replay::ReplaySamplerOptions sampler;
  RECBOTS_ASSIGN_OR_RETURN(sampler.address, role_.PeerAddress("replay"));
  sampler.table = config.replay().table().name();
  sampler.batch_size = config.learner().batch_size();
  sampler.batches_in_flight = config.learner().batches_in_flight();
  // From which shard a row comes depends on the clock in any case; a learner that comes back does not repeat the draws.
  sampler.seed = config.seed() ^ store_.incarnation();
  sampler.identity = identity_;
  if (!seat_.follows()) sampler.on_streams = [this](int64_t below) { return streams_->Open(below); };
  RECBOTS_ASSIGN_OR_RETURN(sampler.retry, role_.PeerRetryOptions());
  sampler.security = role_.security();
  RECBOTS_ASSIGN_OR_RETURN(sampler_, replay::ReplaySampler::Create(schema_, sampler));
  streams_->SetOnReserve([this](int64_t below) { sampler_->UseStreams(below); });
  batches_ = std::make_unique<ReplayBatchSource>(*sampler_);
  return absl::OkStatus();
}

void Learner::MakeLoop() {
  LearnerLoopOptions options = MakeLearnerLoopOptions(role_.config());
  options.keep = role_.flags().has("keep");
  options.catalogue = catalogue_;
  options.device = DeviceName(placed_.device);
  options.waits = &role_.waits();
  options.batches_from = role_.flags().value("replay");
  options.controls = &pages_.controls();
  LearnerLoop::Hooks hooks;
  hooks.stop = [this] { return role_.shutdown().requested(); };
  hooks.watchers = [this] {
    if (service_ == nullptr) return Watchers();
    return Watchers{service_->num_watchers(v1::WORKER_ROLE_ACTOR), service_->num_watchers(v1::WORKER_ROLE_EVALUATOR)};
  };
  hooks.stalled = [this] { return roles_.Stalled(); };
  hooks.progressed = [this](int64_t updates) { role_.stalls().Progressed(updates); };
  hooks.print = [this](const std::string& line) {
    if (checkpointer_ != nullptr) ShowCheckpoints(checkpointer_->stats(), role_.metrics());
    std::cout << line << std::endl;
  };
  hooks.on_status = [this](const StatusLine& line) { pages_.OnStatus(line, http_.get()); };
  hooks.activity = [this](const char* activity) { role_.SetActivity(activity); };
  hooks.on_ending = [this](const RunEnd& end) { return OnEnding(end); };
  hooks.on_checkpoint = [this](v1::LearnerState state, bool last) { return Checkpoint(std::move(state), last); };
  loop_ = std::make_unique<LearnerLoop>(options, std::move(hooks), *placed_.algorithm, *batches_, store_,
                                        record_.state(), role_.metrics());
}

absl::Status Learner::Serve() {
  WeightsServiceOptions options;
  options.configuration = configuration_;
  options.streams = streams_.get();
  options.security = role_.security();
  options.on_evaluation = [this](const v1::Evaluation& evaluation) { pages_.OnEvaluation(evaluation); };
  // Where all actors have the same share, it does not matter which of them has which index.
  if (role_.config().actor().policy_share_spread() == 1) options.places.veterans_first = absl::ZeroDuration();
  options.places.gone = [this](uint64_t instance) { return roles_.Gone(instance); };
  service_ = std::make_unique<WeightsService>(options, store_);
  RECBOTS_RETURN_IF_ERROR(loop_->PublishWeights());
  pages_.Start(*sampler_);
  RECBOTS_ASSIGN_OR_RETURN(http_, role_.StartHttp([this] { return Pages(); }, {roles_.Page(), roles_.TargetsPage()},
                                                  pages_.Pages(roles_.Page().json)));
  std::vector<grpc::Service*> services = {service_.get(), &roles_.service()};
  if (seat_.service() != nullptr) services.push_back(seat_.service());
  absl::StatusOr<std::unique_ptr<RpcServer>> server =
      RpcServer::Start({.address = role_.flags().value("listen"), .security = role_.security()}, services);
  if (!server.ok()) return role_.CannotServe("listen", server.status());
  server_ = *std::move(server);
  RECBOTS_RETURN_IF_ERROR(role_.PublishAddress("grpc", server_->address()));
  RECBOTS_LOG(INFO) << "serving weights at " << server_->address();
  roles_.Watch(*service_, *sampler_);
  server_->SetServing(true);
  role_.SetHealthy(true);
  role_.stalls().Begin("update");
  return absl::OkStatus();
}

absl::Status Learner::BeginRun() {
  const std::string config = PrintExperimentConfig(role_.config());
  if (resumed_.has_value()) {
    const v1::LearnerState& state = resumed_->state;
    RECBOTS_RETURN_IF_ERROR(BadConfiguration(record_.Resume(config, identity_, state, placed_.algorithm->updates())));
    store_.Resume(state.published().version());
    loop_->Resume(state);
    pages_.AddHistory(state.curve_bytes(), placed_.algorithm->updates());
    std::cout << DescribeResumed(resumed_->manifest) << std::endl;
  } else {
    RECBOTS_RETURN_IF_ERROR(CheckRunDirectory(role_.run_dir(), identity_, /*allow_other=*/true));
    // The rows belong to replay, which may use them now.
    RECBOTS_RETURN_IF_ERROR(BadConfiguration(record_.Begin(config, identity_, {kRunCheckpointsFolder})));
  }
  if (role_.run_dir().empty()) return absl::OkStatus();
  checkpointer_ =
      std::make_unique<RunCheckpointer>(RunCheckpoints(role_.run_dir(), role_.config().learner().checkpoint().keep()),
                                        MakeRunManifest(kLearnerProgram, role_.config(), identity_));
  return absl::OkStatus();
}

absl::Status Learner::Checkpoint(v1::LearnerState state, bool last) {
  if (checkpointer_ == nullptr) return absl::OkStatus();
  std::optional<ScopedWait> wait;
  if (last) {
    wait.emplace(&role_.waits(), WaitFor{.thing = "the last checkpoint to be written",
                                         .peer = role_.run_dir(),
                                         .deadline = Instant::Now() + 2 * kLastCheckpoint});
    checkpointer_->AwaitIdle(Instant::Now() + kLastCheckpoint);
  }
  record_.SaveState(state);
  checkpointer_->Begin(std::move(state), *placed_.algorithm);
  return last ? checkpointer_->Finish(Instant::Now() + kLastCheckpoint) : absl::OkStatus();
}

absl::Status Learner::Run() {
  const absl::Status read = ReadConfiguration();
  if (absl::IsCancelled(read) && role_.shutdown().requested()) return absl::OkStatus();  // Told to end before it began.
  RECBOTS_RETURN_IF_ERROR(BadConfiguration(read));
  if (seat_.follows()) return Follow();
  RECBOTS_RETURN_IF_ERROR(BadConfiguration(FindRun()));
  RECBOTS_RETURN_IF_ERROR(BadConfiguration(TakeNetworks()));
  if (const std::optional<SavedReport> report = Ended(); report.has_value()) {
    std::cout << FormatEnd(*report) << "; a larger goal goes on" << std::endl;
    return absl::OkStatus();
  }
  RECBOTS_RETURN_IF_ERROR(MakeSampler());
  MakeLoop();
  RECBOTS_RETURN_IF_ERROR(BeginRun());
  RECBOTS_RETURN_IF_ERROR(Serve());
  absl::Status status = Train();
  if (!record_.state().goal().CheckReachable().ok()) status = BadConfiguration(status);
  role_.stalls().End();
  role_.SetActivity("draining");
  role_.SetHealthy(false);
  server_->SetServing(false);
  http_->Stop();
  roles_.StopWatching();
  sampler_->Close();
  roles_.Drain();
  service_->Drain();
  server_->Stop();
  pages_.Stop();
  return status;
}

absl::Status Learner::Follow() {
  RECBOTS_RETURN_IF_ERROR(MakeSampler());
  MakeLoop();
  RECBOTS_ASSIGN_OR_RETURN(http_, role_.StartHttp([this] { return Pages(); }));
  const absl::Status status = Train();
  role_.stalls().End();
  role_.SetHealthy(false);
  http_->Stop();
  sampler_->Close();
  return status;
}

absl::Status Learner::Train() {
  if (seat_.alone()) return loop_->Run();
  const absl::StatusOr<LearnerGroup*> group = seat_.Form(*placed_.algorithm);
  if (group.ok()) {
    loop_->JoinGroup(**group);
    role_.SetHealthy(true);
  } else if (!absl::IsCancelled(group.status())) {
    return group.status();
  }
  const absl::Status trained = loop_->Run();
  return group.ok() && !(*group)->broken().ok() ? WouldGoOn(trained) : trained;
}

absl::Status Learner::OnEnding(const RunEnd& end) {
  const absl::Status saved = record_.Save(end);
  const GoalTracker goal = record_.state().goal();
  const bool reached = goal.Reached(end.ending);
  role_.metrics().gauge(metric::kLearnerGoal).Set(reached ? 1 : 0);
  RECBOTS_LOG(INFO) << (reached ? "goal reached, " : "goal not reached, ") << FormatVerdict(record_.report(), goal);
  // For the launcher: on a full disk the log may not have it.
  if (!saved.ok()) std::cout << saved.message() << std::endl;
  return saved;
}

std::vector<StatusSection> Learner::Pages() const {
  const std::string checkpoints =
      checkpointer_ == nullptr ? "none: there is no --run_dir" : DescribeCheckpoints(checkpointer_->stats());
  std::vector<StatusSection> sections = {RunSection(record_.state(), checkpoints)};
  if (!seat_.alone()) sections.push_back(seat_.Page());
  if (service_ == nullptr) return sections;
  sections.push_back(roles_.Section());
  sections.push_back(WatchersSection(*service_));
  return sections;
}

}  // namespace
}  // namespace recbots

int main(int argc, char** argv) {
  return recbots::RunRole("learner",
                          {"listen", "replay", "keep", "fresh", "resume", recbots::kAllowOtherExperiment,
                           "peer_timeout", "learners", "join", "rank", "group_host", "group_timeout", recbots::kDevice},
                          argc, argv, [](recbots::Role& role) { return recbots::Learner(role).Run(); });
}
