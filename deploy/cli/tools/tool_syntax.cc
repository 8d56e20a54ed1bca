#include "deploy/cli/tools/tool_syntax.h"

#include <utility>
#include <vector>

#include "common/role/role_flags.h"

namespace recbots {

CommandSyntax BenchSyntax() {
  return {"recbots bench [NAME] [flags]; runs NAME and all of NAME/..., without NAME all benches",
          {{"window", "SECONDS", "length of one window", "0.5"},
           {"windows", "N", "windows per figure; their median is shown", "7"},
           {"seconds", "SECONDS", "length of replay/limiter and replay/churn", "10"},
           {"table_bytes", "BYTES", "rows in replay's tables, in bytes", "400000000"},
           {"config", "FILE", "experiment of the loop bench", "deploy/config/browse.textproto"},
           {"device", "DEVICE", "where the updates benches learn: cpu, cuda or cuda:N", "cpu"},
           {"operators", "", "they learn by LibTorch's operators, as GPUs do", ""},
           {"list", "", "names of the benches", ""}},
          CommandSyntax::kAnyNumber};
}

CommandSyntax InspectSyntax() {
  std::vector<FlagSpec> flags = {
      {"table", "NAME", "only this table", "all; the first for --set_limiter and --dump"},
      {"json", "", "server: one JSON object instead of a page", ""},
      {"interval", "SECONDS", "server: how long to count for the rates, 0..3600", "1"},
      {"checkpoint", "", "server: write a checkpoint now, and wait for it", ""},
      {"set_limiter", "NAME=VALUE,...", "server: change min_size, samples_per_insert, error_buffer while it runs", ""},
      {"dump", "N", "checkpoint: instead print the newest N rows, or all, of one table as JSON Lines", "0"}};
  const std::vector<FlagSpec> security = SecurityFlags();
  flags.insert(flags.end(), security.begin(), security.end());
  return {"recbots inspect HOST:PORT|unix:/PATH|DIR [flags]", std::move(flags), 1, "targets"};
}

CommandSyntax ReproduceSyntax() {
  return {"recbots reproduce slateq [flags]",
          {{"seeds", "N", "runs of every experiment, 1..100", "3"},
           {"jobs", "N", "runs at a time, each one thread, 1..64", "2"},
           {"only", "PATTERN,...", "experiments whose name has PATTERN in it; --list shows the names", "all"},
           {"list", "", "the experiments, and nothing else", ""},
           {"episodes", "N", "users on whom every policy is played, per seed, 2..1e7", "5000"},
           {"scale", "F", "share of the training steps, above 0 to 1, for a quick look", "1.0"},
           {"out", "FILE.md", "the page; its plot is beside it as FILE.svg", "docs/results/slateq.md"},
           {"work", "DIR", "run directories; finished runs in it are not run again", "runs/reproduce-slateq[-SCALE]"},
           {"config_dir", "DIR", "where the configurations lie", "deploy/config"}},
          CommandSyntax::kAnyNumber};
}

}  // namespace recbots
