// recbots train, as far as it needs no LibTorch.
#include "common/base/program.h"
#include "deploy/cli/commands.h"
#include "deploy/cli/train/train_syntax.h"

namespace recbots {

Command TrainCommand() {
  return {"train", "CONFIG [flags]", "the same in one process without network, deterministic",
          [](const std::vector<std::string>& arguments) { return BecomeProgram("recbots-train", arguments); },
          TrainSyntax};
}

}  // namespace recbots
