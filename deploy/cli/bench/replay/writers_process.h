// Writers in a process of their own, so that what they take cannot be mistaken for what a learner beside them gets.
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
  // Writers of rows of PayloadSchema(row_bytes). Returns when all are connected.
  //   UNAVAILABLE  they are not; the end of their log says why
  static absl::StatusOr<std::unique_ptr<WritersProcess>> Start(const BenchOptions& options, const ReplayServer& server,
                                                               int num_writers);

  pid_t pid() const { return process_.pid(); }
  // Waits until everything is in the table; the rows that were acknowledged.
  absl::StatusOr<int64_t> Stop();

 private:
  WritersProcess(std::unique_ptr<TemporaryFolder> folder, ChildProcess process)
      : folder_(std::move(folder)), process_(std::move(process)) {}
  absl::Status Failure(const std::string& what) const;

  std::unique_ptr<TemporaryFolder> folder_;
  ChildProcess process_;
};

}  // namespace recbots::replay_bench
