#include "learner/run/go_on.h"

#include <cstdint>
#include <optional>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "learner/run/run_checkpoints.h"

namespace recbots {

FlagSpec MoreFlag() {
  return {"more", "UPDATES", "this many more updates for the run in --run_dir, whatever its goal was", ""};
}

absl::Status GoOnForMore(const CommandLine& flags, const std::string& run_dir, v1::ExperimentConfig& config) {
  if (!flags.has("more")) return absl::OkStatus();
  constexpr int64_t kMost = int64_t{1} << 50;
  RECBOTS_ASSIGN_OR_RETURN(const int64_t updates, flags.WholeNumber<int64_t>("more", 1, kMost));
  const std::string flag = absl::StrCat("--more=", updates);
  if (flags.has("fresh")) return absl::InvalidArgumentError(flag + " beside --fresh: only one of them is possible");
  if (run_dir.empty()) return absl::NotFoundError(flag + ": want the run that goes on as --run_dir=DIR");
  RECBOTS_ASSIGN_OR_RETURN(const std::optional<RunCheckpoint> newest,
                           RunCheckpoints(run_dir, config.learner().checkpoint().keep()).Newest());
  if (!newest.has_value()) {
    return absl::NotFoundError(absl::StrCat(flag, ": there is no run in '", run_dir, "' that could go on"));
  }
  const int64_t each = config.learner().updates_per_batch();
  const int64_t goal = newest->manifest.updates() + updates;
  config.clear_goal();
  config.mutable_goal()->set_max_updates((goal + each - 1) / each * each);
  return absl::OkStatus();
}

}  // namespace recbots
