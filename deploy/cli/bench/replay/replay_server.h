// recbots-replay as a process of its own, with one table, on loopback: so that what it takes of the machine can be told
// from what its clients take.
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

// A folder of its own for a bench; goes with everything in it.
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

// A table of options.table_bytes in rows, uniform draws, no limiter: what most benches start from.
v1::TableConfig PlainTable(const BenchOptions& options, const RowSchema& schema);

// Not thread-safe.
class ReplayServer {
 public:
  // Waits until it serves. `table`: without columns, those of `schema` are put in. `checkpoint_folder`: empty, or where
  // it keeps checkpoints, only when asked, as fast as the disk takes them.
  //   UNAVAILABLE  it did not start; the last lines of its log say why
  static absl::StatusOr<std::unique_ptr<ReplayServer>> Start(const BenchOptions& options, const RowSchema& schema,
                                                             v1::TableConfig table,
                                                             const std::string& checkpoint_folder = "");
  // Kills it if it still runs.
  ~ReplayServer() = default;

  const RowSchema& schema() const { return schema_; }
  // host:port, and unix:/path of the same server.
  const std::string& address() const { return address_; }
  const std::string& unix_address() const { return unix_address_; }
  pid_t pid() const { return process_.pid(); }
  // What it has logged so far.
  std::string Log() const;
  // The first number behind "`name`=" in what it logged of `event`. DATA_LOSS: there is none.
  absl::StatusOr<double> Logged(const std::string& event, const std::string& name) const;
  // From the start of the process until it could be talked to.
  absl::Duration start_took() const { return start_took_; }

  // Of its only table, and a checkpoint that is waited for.
  absl::StatusOr<v1::TableInfo> Table() const;
  absl::StatusOr<v1::CheckpointResponse> Checkpoint() const;

  // An orderly end, and one by SIGKILL.
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
