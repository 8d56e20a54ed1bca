// Writers in a separate process, so that their use of the machine cannot be mistaken for that of a learner.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/row_schema.h"
#include "deploy/cli/bench/bench.h"
#include "deploy/cli/bench/replay/replay_server.h"
#include "deploy/cli/cluster/child_process.h"

namespace recbots::replay_bench {

// Not thread-safe.
class WritersProcess {
 public:
  // Starts writers of rows of PayloadSchema(row_bytes). Returns when all are connected.
  //   UNAVAILABLE  they do not connect; the message has the end of their log
  static absl::StatusOr<std::unique_ptr<WritersProcess>> Start(const BenchOptions& options, const ReplayServer& server,
                                                               int num_writers);

  pid_t pid() const { return process_.pid(); }
  // Waits until all rows are in the table; returns the number of rows acknowledged.
  absl::StatusOr<int64_t> Stop();

 private:
  WritersProcess(std::unique_ptr<TemporaryFolder> folder, ChildProcess process)
      : folder_(std::move(folder)), process_(std::move(process)) {}
  absl::Status Failure(const std::string& what) const;

  std::unique_ptr<TemporaryFolder> folder_;
  ChildProcess process_;
};

}  // namespace recbots::replay_bench
