#include "deploy/cli/help/topics.h"

namespace recbots {
namespace {

struct Topic {
  absl::string_view name, text;
};

constexpr Topic kTopics[] = {{"configuration",
                              R"(An experiment is one file, a text proto: who the users are (environment), what
learns (algorithm), how experience is kept (replay), and when the run is over
(goal). proto/recbots/v1/config.proto has every setting with meaning, default
and range. Shipped experiments lie in deploy/config; README.md there says what
each is.

  --set PATH=VALUE     changes a setting, as often as you like: --set learner.batch_size=64
  --set PATH={}        gives a part its defaults, and switches a choice: --set algorithm.slate_q={}
  --set PATH=          takes a part away
  --set PATH=A,B       sets a list as a whole; an element of a list of parts is PATH[0].FIELD

A setting that does not exist, or whose value is out of range, is refused with
its name, its value and its bounds, before anything is started (exit code 2).
Frequent ones:

  goal.share_of_optimum    the run is over at this share of the best possible
  goal.share_of_gap        value, or of the way from random to the best known one
  goal.max_updates         limits; 0: none
  goal.max_env_steps
  goal.max_seconds
  learner.batch_size       rows of an update
  learner.status_seconds   between two status lines
  seed                     key of every random stream: under `recbots train`
                           the same seed gives the same run
)"},
                             {"environment", R"(Environment variables that recbots reads:

  NO_COLOR        not empty: no colours (no-color.org)
  TERM            empty or "dumb": no line is written over another, there is no
                  progress, and `recbots top` prints once
  TMPDIR          where temporary files of benches and tests go

deploy/run reads RECBOTS_CMAKE_FLAGS, further flags for the build.
docker-compose.yml reads RECBOTS_FLAGS, flags for all roles.
)"},
                             {"exit-codes", R"(Exit codes of every command:

  0     done; a run reached its goal, and everything was saved
  1     a failure at run time; the last line on standard error says which
  2     a flag, an argument or the configuration is wrong; nothing was started
  3     a learner ended because another one of its group had
  130   Ctrl-C or SIGTERM came before the work was done

Output that cannot be written, as on a full disk, is a failure. A reader that
has gone away (`| head -1`) is none.
)"},
                             {"files", R"(Files of a run directory (--run_dir; by default runs/TIME-NAME):

  report.json         how the run ended, and how good the bot is
  evaluations.jsonl   the learning curve, one line for each evaluation
  metrics.csv         rates, lags, values and losses, a line for each status period
  tensorboard/        the same for TensorBoard
  weights.bin         the trained networks
  config.textproto    the experiment with all overrides; it can be run again
  *.log               the log of each process
  *.addresses         where each role listens
  checkpoints/        the run can go on from them: the same command, the same --run_dir
  replay/             the rows that belong to them
  run.lock            says which process has the directory
  previous/           what an earlier run has left there

`recbots status RUN_DIR` shows one run, `recbots runs` all of a folder,
`recbots report RUN_DIR...` compares them. docs/formats.md explains every
field.
)"}};

}  // namespace

std::vector<std::string> TopicNames() {
  std::vector<std::string> names;
  for (const Topic& topic : kTopics) names.emplace_back(topic.name);
  return names;
}

absl::string_view TopicText(absl::string_view name) {
  for (const Topic& topic : kTopics) {
    if (topic.name == name) return topic.text;
  }
  return "";
}

}  // namespace recbots
