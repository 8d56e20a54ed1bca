#include "deploy/cli/bench/replay/client_process.h"

#include <signal.h>

#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/file.h"
#include "common/base/instant.h"
#include "common/base/log.h"
#include "common/base/program.h"
#include "common/base/status_macros.h"
#include "deploy/cli/bench/replay/clients.h"

namespace recbots::replay_bench {
namespace {

constexpr char kConnectedFile[] = "/connected";
constexpr char kResultFile[] = "/result";

std::string Contents(const std::string& path) { return ReadFile(path).value_or(""); }

}  // namespace

absl::StatusOr<std::unique_ptr<ClientProcess>> ClientProcess::Start(const BenchOptions& options,
                                                                    const std::string& command,
                                                                    std::vector<std::string> arguments,
                                                                    int num_clients) {
  RECBOTS_ASSIGN_OR_RETURN(std::unique_ptr<TemporaryFolder> folder, TemporaryFolder::Create());
  const std::string dir = folder->path();
  ChildOptions child;
  child.name = command;
  child.log_path = dir + "/log";
  child.arguments = {options.program_dir + "/recbots-tools", command};
  child.arguments.insert(child.arguments.end(), arguments.begin(), arguments.end());
  child.arguments.push_back(dir);
  RECBOTS_ASSIGN_OR_RETURN(ChildProcess process, ChildProcess::Start(child));
  std::unique_ptr<ClientProcess> clients(new ClientProcess(std::move(folder), std::move(process)));
  const Instant deadline = Instant::Now() + kPatience;
  while (Contents(dir + kConnectedFile) != absl::StrCat(num_clients)) {
    if (!clients->process_.Running()) return clients->Failure("ended early");
    if (Instant::Now() > deadline) return clients->Failure("did not all connect");
    absl::SleepFor(absl::Milliseconds(2));
  }
  return clients;
}

absl::StatusOr<int64_t> ClientProcess::Stop() {
  process_.Signal(SIGTERM);
  if (!process_.AwaitEnd(Instant::Now() + kPatience)) return Failure("did not end");
  int64_t result = 0;
  if (process_.exit_code() != 0 || !absl::SimpleAtoi(Contents(folder_->path() + kResultFile), &result)) {
    return Failure("failed");
  }
  return result;
}

absl::Status ClientProcess::Failure(const std::string& what) const {
  return absl::UnavailableError(
      absl::StrCat("clients of ", process_.name(), " ", what, "; their log: ", Contents(process_.log_path())));
}

absl::Status ServeClients(const Clients& clients, int num_clients, const std::string& folder, Shutdown& shutdown) {
  const Instant deadline = Instant::Now() + kPatience;
  while (clients.connected() < num_clients && Instant::Now() < deadline && clients.status().ok()) {
    if (shutdown.AwaitFor(absl::Milliseconds(2))) break;
  }
  RECBOTS_RETURN_IF_ERROR(clients.status());
  RECBOTS_RETURN_IF_ERROR(WriteFile(folder + kConnectedFile, absl::StrCat(clients.connected())));
  while (!shutdown.AwaitFor(absl::Milliseconds(200)) && clients.status().ok()) {
  }
  RECBOTS_ASSIGN_OR_RETURN(const int64_t result, clients.stop());
  return WriteFile(folder + kResultFile, absl::StrCat(result));
}

int ClientExitCode(absl::string_view command, const absl::Status& status) {
  if (status.ok()) return kExitOk;
  RECBOTS_LOG(ERROR) << command << ": " << status.message();
  return kExitFailed;
}

}  // namespace recbots::replay_bench
