#include "deploy/cli/bench/replay/writers_process.h"

#include <signal.h>

#include <filesystem>
#include <iostream>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/file.h"
#include "common/base/instant.h"
#include "common/base/log.h"
#include "common/base/program.h"
#include "common/base/shutdown.h"
#include "common/base/status_macros.h"
#include "deploy/cli/bench/replay/clients.h"
#include "deploy/cli/commands.h"

namespace recbots {
namespace {

using replay_bench::kPatience;

absl::Status Serve(const std::vector<std::string>& arguments) {
  int num_writers = 0;
  int64_t row_bytes = 0;
  if (arguments.size() != 4 || !absl::SimpleAtoi(arguments[1], &num_writers) ||
      !absl::SimpleAtoi(arguments[2], &row_bytes)) {
    return absl::InvalidArgumentError("want ADDRESS NUM_WRITERS ROW_BYTES FOLDER");
  }
  Shutdown shutdown;
  RECBOTS_ASSIGN_OR_RETURN(const RowSchema schema, replay_bench::PayloadSchema(row_bytes));
  RECBOTS_ASSIGN_OR_RETURN(const std::unique_ptr<replay_bench::WriterLoad> writers,
                           replay_bench::WriterLoad::Start(schema, arguments[0], num_writers));
  const Instant deadline = Instant::Now() + kPatience;
  while (writers->num_writing() < num_writers && Instant::Now() < deadline && writers->status().ok()) {
    if (shutdown.AwaitFor(absl::Milliseconds(2))) break;
  }
  RECBOTS_RETURN_IF_ERROR(writers->status());
  RECBOTS_RETURN_IF_ERROR(WriteFile(arguments[3] + "/writing", absl::StrCat(writers->num_writing())));
  while (!shutdown.AwaitFor(absl::Milliseconds(200)) && writers->status().ok()) {
  }
  RECBOTS_RETURN_IF_ERROR(writers->Stop());
  return WriteFile(arguments[3] + "/acknowledged", absl::StrCat(writers->acknowledged()));
}

int ServeOrFail(const std::vector<std::string>& arguments) {
  const absl::Status status = Serve(arguments);
  if (status.ok()) return kExitOk;
  RECBOTS_LOG(ERROR) << "bench-writers: " << status.message();
  return kExitFailed;
}

}  // namespace

Command BenchWritersCommand() { return {"bench-writers", "", "", ServeOrFail}; }

namespace replay_bench {
namespace {

std::string Contents(const std::string& path) { return ReadFile(path).value_or(""); }

}  // namespace

absl::StatusOr<std::unique_ptr<WritersProcess>> WritersProcess::Start(const BenchOptions& options,
                                                                      const ReplayServer& server, int num_writers) {
  RECBOTS_ASSIGN_OR_RETURN(std::unique_ptr<TemporaryFolder> folder, TemporaryFolder::Create());
  const std::string& dir = folder->path();
  ChildOptions child;
  child.name = "bench-writers";
  child.log_path = dir + "/log";
  child.arguments = {options.program_dir + "/recbots",
                     "bench-writers",
                     server.address(),
                     absl::StrCat(num_writers),
                     absl::StrCat(server.schema().row_bytes()),
                     dir};
  RECBOTS_ASSIGN_OR_RETURN(ChildProcess process, ChildProcess::Start(child));
  std::unique_ptr<WritersProcess> writers(new WritersProcess(std::move(folder), std::move(process)));
  const Instant deadline = Instant::Now() + kPatience;
  while (Contents(dir + "/writing") != absl::StrCat(num_writers)) {
    if (!writers->process_.Running()) return writers->Failure("ended early");
    if (Instant::Now() > deadline) return writers->Failure("do not write");
    absl::SleepFor(absl::Milliseconds(2));
  }
  return writers;
}

absl::StatusOr<int64_t> WritersProcess::Stop() {
  process_.Signal(SIGTERM);
  if (!process_.AwaitEnd(Instant::Now() + kPatience)) return Failure("do not end");
  int64_t rows = 0;
  if (process_.exit_code() != 0 || !absl::SimpleAtoi(Contents(folder_->path() + "/acknowledged"), &rows)) {
    return Failure("failed");
  }
  return rows;
}

absl::Status WritersProcess::Failure(const std::string& what) const {
  return absl::UnavailableError(absl::StrCat("writers ", what, "; their log: ", Contents(process_.log_path())));
}

}  // namespace replay_bench
}  // namespace recbots
