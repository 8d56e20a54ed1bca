// One actor at full speed: policy with actor and critic, environment, and the stream to replay over loopback.
// steps_per_second is per second on the clock, during which this process uses more than one core: for the threads of
// the actor, the writer and the server. steps_per_cpu_second is per second of processor time of all these threads.
#include <memory>

#include "actor/client/make_scenario.h"
#include "actor/loop/environment_loop.h"
#include "actor/loop/replay_sink.h"
#include "common/algorithms/make_algorithm.h"
#include "common/algorithms/make_policy.h"
#include "common/algorithms/transition_options.h"
#include "common/base/instant.h"
#include "common/base/status_macros.h"
#include "common/rl/transition.h"
#include "common/rpc/rpc_server.h"
#include "deploy/cli/bench/bench.h"
#include "replay/client/replay_writer.h"
#include "replay/service/replay_service.h"

namespace recbots {
namespace {

constexpr int kUsers = 1024;

absl::StatusOr<std::vector<BenchResult>> MeasureActing(const BenchOptions& options, int k, const std::string& suffix) {
  v1::EnvironmentConfig environment_config;
  environment_config.mutable_document_browsing();
  v1::AlgorithmConfig algorithm_config;
  algorithm_config.mutable_wolpertinger()->set_k(k);
  RECBOTS_ASSIGN_OR_RETURN(const std::unique_ptr<Scenario> scenario, MakeScenario(environment_config, 1));
  const EnvironmentSpec& spec = scenario->spec();
  const TransitionOptions rows = TransitionOptionsOf(algorithm_config);
  RECBOTS_ASSIGN_OR_RETURN(const RowSchema schema, TransitionSchema(spec, rows));
  std::vector<std::unique_ptr<replay::Table>> tables(1);
  RECBOTS_ASSIGN_OR_RETURN(tables[0], replay::Table::Create(schema, {}));
  RECBOTS_ASSIGN_OR_RETURN(const std::unique_ptr<replay::Store> store, replay::Store::Create(std::move(tables)));
  replay::ReplayService service(store.get(), {});
  RECBOTS_ASSIGN_OR_RETURN(const std::unique_ptr<RpcServer> server, RpcServer::Start({}, {service.service()}));
  replay::ReplayWriterOptions writer_options;
  writer_options.address = server->address();
  RECBOTS_ASSIGN_OR_RETURN(const std::unique_ptr<replay::ReplayWriter> writer,
                           replay::ReplayWriter::Create(schema, writer_options));
  RECBOTS_ASSIGN_OR_RETURN(const std::unique_ptr<Algorithm> algorithm,
                           MakeAlgorithm(algorithm_config, spec, {.seed = 1}));
  RECBOTS_ASSIGN_OR_RETURN(const std::unique_ptr<NetworkPolicy> policy, MakePolicy(algorithm_config, spec, kUsers, 1));
  RECBOTS_RETURN_IF_ERROR(policy->SetWeights(algorithm->EncodeWeights()));
  policy->SetPolicyShare(1);
  const std::unique_ptr<Environment> environment = scenario->MakeEnvironment(kUsers, 0);
  const Instant give_up = Instant::Now() + 2 * options.windows * options.window + absl::Minutes(1);
  ReplaySink sink(*writer, schema.row_bytes(), [give_up] { return Instant::Now() > give_up; });
  EnvironmentLoop loop(*environment, *policy, schema, rows, sink);

  absl::Status status;
  const double cpu_before = ProcessorSeconds();
  const int64_t steps_before = loop.env_steps();
  const Rate rate = MedianRate(options, [&] {
    if (status.ok()) status = loop.Step({1, 0});
    return static_cast<double>(kUsers);
  });
  if (status.ok()) status = writer->Close(Instant::Now() + absl::Seconds(10));
  const double cpu = ProcessorSeconds() - cpu_before;
  service.Drain();
  server->Stop();
  RECBOTS_RETURN_IF_ERROR(status);
  const double steps = static_cast<double>(loop.env_steps() - steps_before);
  const std::string bench = "acting" + suffix;
  std::vector<BenchResult> results = {{bench, "steps_per_second", rate.per_second, "steps/s", true},
                                      {bench, "steps_per_cpu_second", steps / cpu, "steps/s", true}};
  for (BenchResult& result : results) result.cores_used = rate.cores_used;
  return results;
}

absl::StatusOr<std::vector<BenchResult>> Run(const BenchOptions& options) {
  // First scores all ten documents, as in the target figure; then three, the default.
  RECBOTS_ASSIGN_OR_RETURN(std::vector<BenchResult> results, MeasureActing(options, 10, ""));
  RECBOTS_ASSIGN_OR_RETURN(const std::vector<BenchResult> few, MeasureActing(options, 3, "_k3"));
  results.insert(results.end(), few.begin(), few.end());
  return results;
}

}  // namespace

Bench ActingBench() {
  return {"acting", Run,
          "the learner and the evaluator. Replay's server is a part of this process: steps_per_second has the cores in "
          "cores_used, steps_per_cpu_second counts the processor time of actor, writer and server together"};
}

}  // namespace recbots
