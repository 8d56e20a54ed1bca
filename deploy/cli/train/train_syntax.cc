#include "deploy/cli/train/train_syntax.h"

#include "common/role/role_flags.h"
#include "learner/run/go_on.h"

namespace recbots {

CommandSyntax TrainSyntax() {
  return {
      "recbots train CONFIG [flags]",
      {SetFlag(),
       {"run_dir", "DIR",
        "where report.json, evaluations.jsonl, weights.bin, config.textproto and checkpoints go, and where a run that "
        "was stopped goes on; nothing is written without",
        ""},
       {"fresh", "", "begin a new run: what an earlier run has left in --run_dir moves to DIR/previous", ""},
       {"resume", "DIR", "begin with the networks of the run in DIR, as far as they fit", ""},
       MoreFlag(),
       DeviceFlag(),
       {"quiet", "", "print only the last line", ""},
       {"libraries", "", "which LibTorch and BLAS this is, and nothing else", ""}},
      CommandSyntax::kAnyNumber};
}

}  // namespace recbots
