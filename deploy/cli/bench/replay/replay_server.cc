#include "deploy/cli/bench/replay/replay_server.h"

#include <google/protobuf/text_format.h>
#include <signal.h>
#include <stdlib.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/file.h"
#include "common/base/instant.h"
#include "common/base/status_macros.h"
#include "common/rpc/channel.h"
#include "common/rpc/deadline.h"
#include "common/rpc/grpc_status.h"
#include "recbots/v1/replay.grpc.pb.h"
#include "replay/client/replay_sampler.h"

namespace recbots::replay_bench {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(60);

v1::ExperimentConfig Experiment(const RowSchema& schema, v1::TableConfig table) {
  v1::ExperimentConfig config;
  config.set_name("bench");
  config.mutable_environment()->mutable_document_browsing();
  config.mutable_algorithm()->mutable_wolpertinger();
  config.mutable_learner()->set_batch_size(1);  // The limiter is checked against the run's learner; here is none.
  config.mutable_learner()->set_batches_in_flight(1);
  if (table.columns().empty()) {
    for (const Column& column : schema.columns()) {
      v1::ColumnConfig* to = table.add_columns();
      to->set_name(column.name);
      to->set_type(static_cast<v1::ColumnConfig::Type>(column.dtype));
      for (const int32_t extent : column.shape) to->add_shape(extent);
    }
  }
  *config.mutable_replay()->mutable_table() = std::move(table);
  config.mutable_replay()->mutable_checkpoint()->set_interval_seconds(0);
  config.mutable_replay()->mutable_checkpoint()->set_write_bytes_per_second(0);
  return config;
}

}  // namespace

absl::StatusOr<std::unique_ptr<TemporaryFolder>> TemporaryFolder::Create() {
  std::string path = (std::filesystem::temp_directory_path() / "recbots-bench-XXXXXX").string();
  if (mkdtemp(path.data()) == nullptr) return absl::UnavailableError("cannot make a folder for the bench");
  return std::unique_ptr<TemporaryFolder>(new TemporaryFolder(std::move(path)));
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code error;
  std::filesystem::remove_all(path_, error);
}

v1::TableConfig PlainTable(const BenchOptions& options, const RowSchema& schema) {
  v1::TableConfig table;
  table.set_capacity_rows(std::max<int64_t>(64, options.table_bytes / static_cast<int64_t>(schema.row_bytes())));
  table.set_capacity_bytes(2 * options.table_bytes + (int64_t{64} << 20));  // Only the bound in rows matters.
  table.mutable_rate_limiter()->set_min_size(1);
  table.mutable_rate_limiter()->set_samples_per_insert(0);
  return table;
}

absl::StatusOr<std::unique_ptr<ReplayServer>> ReplayServer::Start(const BenchOptions& options, const RowSchema& schema,
                                                                  v1::TableConfig table,
                                                                  const std::string& checkpoint_folder) {
  RECBOTS_ASSIGN_OR_RETURN(std::unique_ptr<TemporaryFolder> folder, TemporaryFolder::Create());
  std::string text;
  google::protobuf::TextFormat::PrintToString(Experiment(schema, std::move(table)), &text);
  const std::string& dir = folder->path();
  RECBOTS_RETURN_IF_ERROR(WriteFile(dir + "/config.textproto", text));
  ChildOptions child;
  child.name = "recbots-replay";
  child.log_path = dir + "/replay.log";
  child.arguments = {options.program_dir + "/recbots-replay", "--config=" + dir + "/config.textproto",
                     "--run_dir=" + dir, absl::StrCat("--listen=127.0.0.1:0,unix:", dir, "/replay.sock")};
  if (!checkpoint_folder.empty()) child.arguments.push_back("--checkpoint_dir=" + checkpoint_folder);
  const Instant start = Instant::Now();
  RECBOTS_ASSIGN_OR_RETURN(ChildProcess process, ChildProcess::Start(child));
  std::unique_ptr<ReplayServer> server(new ReplayServer(schema, std::move(folder), std::move(process)));
  RECBOTS_RETURN_IF_ERROR(server->AwaitServing());
  server->start_took_ = Instant::Now() - start;
  return server;
}

absl::Status ReplayServer::AwaitServing() {
  const Instant deadline = Instant::Now() + kPatience;
  while (address_.empty()) {
    if (!process_.Running()) return Failure("ended before it served");
    if (Instant::Now() > deadline) return Failure("does not serve");
    const std::string published = ReadFile(folder_->path() + "/replay.addresses").value_or("");
    for (const absl::string_view line : absl::StrSplit(published, '\n')) {
      const std::vector<std::string> words = absl::StrSplit(line, absl::MaxSplits(' ', 1));
      if (words.size() != 2 || words[0] != "grpc") continue;
      const std::vector<std::string> addresses = absl::StrSplit(words[1], ',');
      if (addresses.size() != 2) return Failure("published not two addresses but " + words[1]);
      address_ = addresses[0];
      unix_address_ = addresses[1];
    }
    absl::SleepFor(absl::Milliseconds(2));
  }
  const absl::Status serving = recbots::AwaitServing("replay", address_, deadline);
  return serving.ok() ? serving : Failure(std::string(serving.message()));
}

std::string ReplayServer::Log() const { return ReadFile(process_.log_path()).value_or(""); }

absl::StatusOr<double> ReplayServer::Logged(const std::string& event, const std::string& name) const {
  const std::string log = Log();
  const size_t logged = log.find(" " + event + " ");
  const size_t at = logged == std::string::npos ? logged : log.find(" " + name + "=", logged);
  double value = 0;
  const bool found = at != std::string::npos && std::sscanf(log.c_str() + at + name.size() + 2, "%lf", &value) == 1;
  return found ? absl::StatusOr<double>(value)
               : absl::DataLossError(absl::StrCat("the server's log has no ", name, " of '", event, "'"));
}

absl::Status ReplayServer::Failure(const std::string& what) const {
  const std::string log = Log();
  return absl::UnavailableError(absl::StrCat(
      "recbots-replay ", what, "; its log ends with: ", log.substr(log.size() - std::min<size_t>(log.size(), 800))));
}

absl::StatusOr<v1::TableInfo> ReplayServer::Table() const {
  RECBOTS_ASSIGN_OR_RETURN(const v1::InfoResponse info, replay::GetInfo(address_, Instant::Now() + kPatience));
  if (info.tables_size() != 1) return Failure(absl::StrCat("has ", info.tables_size(), " tables"));
  return info.tables(0);
}

absl::StatusOr<v1::CheckpointResponse> ReplayServer::Checkpoint() const {
  const auto stub = v1::ReplayService::NewStub(MakeChannel(address_));
  grpc::ClientContext context;
  context.set_deadline(ToGrpcDeadline(Instant::Now() + 5 * kPatience));
  v1::CheckpointResponse response;
  RECBOTS_RETURN_IF_ERROR(FromGrpcStatus(stub->Checkpoint(&context, {}, &response)));
  return response;
}

absl::Status ReplayServer::Stop() {
  process_.Signal(SIGTERM);
  if (!process_.AwaitEnd(Instant::Now() + kPatience)) return Failure("does not end");
  return process_.exit_code() == 0 ? absl::OkStatus() : Failure(absl::StrCat("ended with ", process_.exit_code()));
}

absl::Status ReplayServer::Kill() {
  process_.Signal(SIGKILL);
  return process_.AwaitEnd(Instant::Now() + kPatience) ? absl::OkStatus() : Failure("does not die");
}

}  // namespace recbots::replay_bench
