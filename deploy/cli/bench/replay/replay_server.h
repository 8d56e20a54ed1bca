// Runs recbots-replay as a separate process with one table, on loopback, so that its use of the machine can be told
// from that of its clients.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "common/base/row_schema.h"
#include "deploy/cli/bench/bench.h"
#include "deploy/cli/cluster/child_process.h"
#include "recbots/v1/config.pb.h"
#include "recbots/v1/replay.pb.h"

namespace recbots::replay_bench {

// A temporary folder for a bench; it is removed with its content.
class TemporaryFolder {
 public:
  static absl::StatusOr<std::unique_ptr<TemporaryFolder>> Create();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::string& path() const { return path_; }

 private:
  explicit TemporaryFolder(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

// A table for options.table_bytes of rows, with uniform draws and without a limiter, which most benches use.
v1::TableConfig PlainTable(const BenchOptions& options, const RowSchema& schema);

// Not thread-safe.
class ReplayServer {
 public:
  // Starts the server and waits until it serves. If `table` has no columns, it gets those of `schema`. With a
  // `checkpoint_folder` the server writes checkpoints there, only on request and as fast as the disk allows.
  //   UNAVAILABLE  the server did not start; the message has the last lines of its log
  static absl::StatusOr<std::unique_ptr<ReplayServer>> Start(const BenchOptions& options, const RowSchema& schema,
                                                             v1::TableConfig table,
                                                             const std::string& checkpoint_folder = "");
  // Kills the server if it still runs.
  ~ReplayServer() = default;

  const RowSchema& schema() const { return schema_; }
  // host:port, and unix:/path of the same server.
  const std::string& address() const { return address_; }
  const std::string& unix_address() const { return unix_address_; }
  pid_t pid() const { return process_.pid(); }
  // The server's log so far.
  std::string Log() const;
  // The first number behind "`name`=" in a log line of `event`. DATA_LOSS: there is none.
  absl::StatusOr<double> Logged(const std::string& event, const std::string& name) const;
  // The time from the start of the process until it answered.
  absl::Duration start_took() const { return start_took_; }

  // The state of the only table; and a checkpoint, for which the call waits.
  absl::StatusOr<v1::TableInfo> Table() const;
  absl::StatusOr<v1::CheckpointResponse> Checkpoint() const;

  // Stop ends the server in order, Kill by SIGKILL.
  absl::Status Stop();
  absl::Status Kill();

 private:
  ReplayServer(const RowSchema& schema, std::unique_ptr<TemporaryFolder> folder, ChildProcess process)
      : schema_(schema), folder_(std::move(folder)), process_(std::move(process)) {}
  absl::Status AwaitServing();
  absl::Status Failure(const std::string& what) const;

  const RowSchema schema_;
  std::unique_ptr<TemporaryFolder> folder_;  // Configuration, log, addresses, socket.
  ChildProcess process_;
  std::string address_;
  std::string unix_address_;
  absl::Duration start_took_;
};

}  // namespace recbots::replay_bench
