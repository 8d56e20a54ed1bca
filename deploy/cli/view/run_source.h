// Where `recbots status` and `recbots top` find a run: a run directory, or the address of its learner's pages.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "common/base/command_line.h"
#include "common/rpc/security.h"
#include "deploy/cli/view/run_view.h"

namespace recbots {

// Thread-safe.
class RunSource {
 public:
  // `target` is a folder, or else an address (page_client.h). `flags` has those of SecurityFlags.
  //   INVALID_ARGUMENT  it is neither, or the flags are wrong
  static absl::StatusOr<RunSource> Create(const std::string& target, const CommandLine& flags);

  // The run now. Of a directory whose run goes on, the learner is asked that has written its address there; if it does
  // not answer, the directory tells what it can, and the trouble is among RunView::troubles. `points` is the number of
  // points of the curve.
  //   UNAVAILABLE and others  those of PageClient::Get, where an address was given
  //   NOT_FOUND               the folder is none of a run
  absl::StatusOr<RunView> Read(int points) const;

  const std::string& target() const { return target_; }

 private:
  RunSource() = default;
  absl::StatusOr<RunView> ReadPages(const std::string& address, int points) const;

  std::string target_;
  bool is_folder_ = false;
  std::shared_ptr<const Security> security_;
  std::string authority_path_;
};

}  // namespace recbots
