#include "common/config/memory_needs.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/algorithms/transition_options.h"
#include "common/config/update_work.h"
#include "common/config/validate.h"
#include "common/inference/algorithm_row.h"
#include "common/rl/transition.h"

namespace recbots {
namespace {

constexpr double kFloat = sizeof(float);
constexpr double kShareOfMemory = 0.9;
// Bytes of bookkeeping that a table needs for each row at least.
constexpr double kSmallestBookkeeping = 16;

// "17.2 GB".
std::string BytesText(double bytes) {
  const char* unit = "B";
  for (const char* larger : {"kB", "MB", "GB", "TB", "PB", "EB"}) {
    if (bytes < 999.5) break;
    bytes /= 1000;
    unit = larger;
  }
  return absl::StrFormat("%.3g %s", bytes, unit);
}

// Prints a whole number with all its digits.
std::string NumberText(double value) { return absl::StrFormat("%.0f", value); }

double RowBytesOfTransitions(const v1::ExperimentConfig& config, const EnvironmentSpec& spec) {
  const auto schema = TransitionSchema(spec, TransitionOptionsOf(config.algorithm()));
  return schema.ok() ? static_cast<double>(schema->row_bytes()) : 0;  // CheckTraining refuses such rows.
}

std::vector<MemoryNeed> LearnerNeeds(const v1::ExperimentConfig& config, const EnvironmentSpec& spec, int learners) {
  const v1::LearnerConfig& learner = config.learner();
  const NetworkLoad network = LoadOf(config.algorithm(), spec);
  // Updates copy the catalogue for each row of a batch, for this step and for the next one.
  const double offered = HoldsCatalogue(spec) ? 2 * kFloat * spec.num_candidates * spec.num_candidate_features : 0;
  const double rows = RowBytesOfTransitions(config, spec) * learner.batches_in_flight() + offered;
  // Inputs for this step and for the next one; hidden layers of the online network and of the target network.
  const double activations = kFloat * network.rows * 2 * (network.inputs + network.hidden);
  // Online parameters, target parameters, gradients, the optimiser's two moments; perhaps an average, and what learners
  // exchange.
  const double arenas = 5 + (learner.weights_averaging() > 0 ? 1 : 0) + (learners > 1 ? 1 : 0);
  const double parameters = arenas * kFloat * network.parameters_per_unit;
  return {{"learner.batch_size", static_cast<double>(learner.batch_size()), rows + activations,
           absl::StrCat(learner.batches_in_flight(), " rows in flight, and networks on ", NumberText(network.rows), " ",
                        network.action, " of ", NumberText(network.inputs), " numbers"),
           learners},
          {network.setting, network.units, parameters, "parameters with their gradients and moments", learners}};
}

}  // namespace

MemoryNeed PlayingNeed(const std::string& setting, int users, const EnvironmentSpec& spec, int processes) {
  const double candidates = static_cast<double>(spec.num_candidates) * spec.num_candidate_features;
  // A StepBuffer (common/rl/step_buffer.h) holds three sets: the current one, the one that the step led to, and the one
  // that the policy sees next.
  const double bytes = 3 * kFloat * (spec.num_user_features + candidates);
  return {setting, static_cast<double>(users), bytes,
          absl::StrCat(spec.num_user_features, " user features, ", spec.num_candidates, " candidates of ",
                       spec.num_candidate_features),
          processes};
}

std::vector<MemoryNeed> TableNeeds(const v1::ReplayConfig& config, int64_t transition_bytes, int replays,
                                   bool checkpoints) {
  std::vector<MemoryNeed> needs;
  const auto add = [&](const std::string& path, const v1::TableConfig& table) {
    const double row = static_cast<double>(table.columns().empty() ? transition_bytes : RowBytesOf(table).value_or(0));
    const double rows = static_cast<double>(table.capacity_rows()) * (row + kSmallestBookkeeping);
    const std::string a_row = row > 0 ? absl::StrCat("a row of ", NumberText(row), " bytes") : "bookkeeping of a row";
    const auto bytes = static_cast<double>(table.capacity_bytes());
    if (bytes <= rows) {
      needs.push_back(
          {path + ".capacity_bytes", bytes, 1, absl::StrCat("rows of ", NumberText(row), " bytes"), replays});
    } else {
      needs.push_back({path + ".capacity_rows", static_cast<double>(table.capacity_rows()), row + kSmallestBookkeeping,
                       a_row, replays});
    }
  };
  add("replay.table", config.table());
  for (int i = 0; i < config.more_tables_size(); ++i) {
    add(absl::StrCat("replay.more_tables[", i, "]"), config.more_tables(i));
  }
  if (checkpoints) {
    needs.push_back({"replay.checkpoint.copy_bytes", static_cast<double>(config.checkpoint().copy_bytes()), 1,
                     "rows that are overwritten before they are written", replays});
  }
  return needs;
}

std::vector<MemoryNeed> MemoryNeedsOf(const v1::ExperimentConfig& config, const EnvironmentSpec& spec,
                                      const MemorySharers& sharers) {
  const double row = RowBytesOfTransitions(config, spec);
  std::vector<MemoryNeed> needs;
  if (sharers.replays > 0) {
    needs = TableNeeds(config.replay(), static_cast<int64_t>(row), sharers.replays, sharers.checkpoints);
  }
  if (sharers.learners > 0) {
    for (MemoryNeed& need : LearnerNeeds(config, spec, sharers.learners)) needs.push_back(std::move(need));
  }
  if (sharers.actors > 0) {
    MemoryNeed need = PlayingNeed("actor.users", config.actor().users(), spec, sharers.actors);
    // Rows under way, and rows that wait for later steps (actor/loop/transition_packer.h).
    const TransitionOptions options = TransitionOptionsOf(config.algorithm());
    need.bytes_each += row * (options.n_step > 1 || options.next_slate ? 2 * options.n_step + 1 : 1);
    absl::StrAppend(&need.what, ", rows of ", NumberText(row), " bytes");
    needs.push_back(std::move(need));
  }
  if (sharers.evaluators > 0 && sharers.evaluators_play) {
    const int64_t users = std::min<int64_t>(config.evaluator().users(), config.evaluator().episodes());
    needs.push_back(PlayingNeed("evaluator.users", static_cast<int>(users), spec, sharers.evaluators));
  }
  return needs;
}

absl::Status CheckMemory(const std::vector<MemoryNeed>& needs, int64_t memory_bytes) {
  const double limit = std::floor(kShareOfMemory * static_cast<double>(memory_bytes));
  double all = 0;
  const MemoryNeed* most = nullptr;
  for (const MemoryNeed& need : needs) {
    all += need.bytes();
    if (most == nullptr || need.bytes() > most->bytes()) most = &need;
  }
  if (all <= limit) return absl::OkStatus();
  const double others = all - most->bytes();
  const double each = most->bytes_each * most->processes;
  const double largest = std::floor((limit - others) / each);
  std::string text = absl::StrCat(most->setting, " ", NumberText(most->value), ", want ");
  if (largest >= 1) {
    absl::StrAppend(&text, "at most ", NumberText(largest));
  } else {
    absl::StrAppend(&text, "less, and other sizes too");
  }
  absl::StrAppend(&text, ": it takes ", BytesText(most->bytes()), " (");
  if (most->bytes_each != 1) absl::StrAppend(&text, BytesText(most->bytes_each), " each: ");
  absl::StrAppend(&text, most->what, most->processes > 1 ? absl::StrCat("; ", most->processes, " times") : "",
                  "), all sizes together ", BytesText(all), ", and 90 % of the memory here are ", BytesText(limit));
  return absl::InvalidArgumentError(text);
}

}  // namespace recbots
