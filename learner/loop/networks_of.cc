#include "learner/loop/networks_of.h"

#include <optional>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/format_count.h"
#include "common/base/status_macros.h"
#include "learner/run/run_checkpoints.h"

namespace recbots {

absl::StatusOr<std::string> LoadNetworksOf(const std::string& run_dir, Algorithm& algorithm) {
  RECBOTS_ASSIGN_OR_RETURN(const std::optional<RunCheckpoint> newest, RunCheckpoints(run_dir, /*keep=*/1).Newest());
  if (!newest.has_value()) {
    return absl::NotFoundError(absl::StrCat("--resume '", run_dir, "': there are no checkpoints of a run"));
  }
  const absl::StatusOr<std::vector<std::string>> left_out = algorithm.LoadFitting(newest->state.algorithm());
  if (!left_out.ok()) {
    return absl::Status(left_out.status().code(),
                        absl::StrCat("--resume '", run_dir, "': ", left_out.status().message()));
  }
  if (left_out->size() == algorithm.num_parameter_tensors()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--resume '", run_dir, "': nothing of its networks fits: ", absl::StrJoin(*left_out, "; ")));
  }
  return absl::StrCat("begins with the networks of '", run_dir, "' at update ",
                      GroupThousands(newest->manifest.updates()),
                      left_out->empty() ? "" : "; not taken: ", absl::StrJoin(*left_out, "; "));
}

}  // namespace recbots
