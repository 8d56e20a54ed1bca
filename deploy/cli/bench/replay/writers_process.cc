// The writers of client_process.h.
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "deploy/cli/bench/replay/client_process.h"
#include "deploy/cli/bench/replay/clients.h"

namespace recbots {
namespace replay_bench {
namespace {

constexpr char kCommand[] = "bench-writers";

absl::Status Serve(const std::vector<std::string>& arguments) {
  int num_writers = 0;
  int64_t row_bytes = 0;
  if (arguments.size() != 4 || !absl::SimpleAtoi(arguments[1], &num_writers) ||
      !absl::SimpleAtoi(arguments[2], &row_bytes)) {
    return absl::InvalidArgumentError("want ADDRESS NUM_WRITERS ROW_BYTES FOLDER");
  }
  Shutdown shutdown;
  RECBOTS_ASSIGN_OR_RETURN(const RowSchema schema, PayloadSchema(row_bytes));
  RECBOTS_ASSIGN_OR_RETURN(const std::unique_ptr<WriterLoad> writers,
                           WriterLoad::Start(schema, arguments[0], num_writers));
  const Clients clients = {.connected = [&] { return writers->num_writing(); },
                           .status = [&] { return writers->status(); },
                           .stop = [&]() -> absl::StatusOr<int64_t> {
                             RECBOTS_RETURN_IF_ERROR(writers->Stop());
                             return writers->acknowledged();
                           }};
  return ServeClients(clients, num_writers, arguments[3], shutdown);
}

}  // namespace

absl::StatusOr<std::unique_ptr<ClientProcess>> StartWriters(const BenchOptions& options, const ReplayServer& server,
                                                            int num_writers) {
  return ClientProcess::Start(options, kCommand,
                              {server.address(), absl::StrCat(num_writers), absl::StrCat(server.schema().row_bytes())},
                              num_writers);
}

}  // namespace replay_bench

Command BenchWritersCommand() {
  return {replay_bench::kCommand, "", "", [](const std::vector<std::string>& arguments) {
            return replay_bench::ClientExitCode(replay_bench::kCommand, replay_bench::Serve(arguments));
          }};
}

}  // namespace recbots
