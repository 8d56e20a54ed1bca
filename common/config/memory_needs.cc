#include "common/config/memory_needs.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/config/transition_options.h"
#include "common/config/validate.h"
#include "common/rl/transition.h"

namespace recbots {
namespace {

constexpr double kFloat = sizeof(float);
constexpr double kShareOfMemory = 0.9;
// Bytes of bookkeeping that a table needs for each row at least.
constexpr double kSmallestBookkeeping = 16;
constexpr double kMostSlates = 100000;

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

// A network of two hidden layers that is trained, and the rows that are fed to it.
struct Network {
  const char* path = "";  // Names the setting of `units`.
  double units = 0;       // Of the first hidden layer.
  double parameters_per_unit = 0;
  double rows = 0;     // Rows fed to it per row of a batch.
  double inputs = 0;   // Per such row, without what rows share.
  double hidden = 0;   // Of both layers.
  std::string action;  // What such a row is.
};

Network QNetworkOf(const v1::QLearningConfig& q, const char* path, const EnvironmentSpec& spec, double actions,
                   double action_size, const std::string& action) {
  const double first = q.hidden_units();
  const double second = q.second_hidden_units();
  return {path, first, spec.num_user_features + action_size + second, actions, action_size, first + second, action};
}

Network NetworkOf(const v1::AlgorithmConfig& config, const EnvironmentSpec& spec) {
  const double items = spec.num_candidates;
  const double features = spec.num_candidate_features > 0 ? spec.num_candidate_features : items;
  double slates = 1;
  for (int k = 0; k < spec.slate_size; ++k) slates *= items - k;
  if (slates > kMostSlates) slates = 0;  // MakePolicy refuses so large a number.
  switch (config.algorithm_case()) {
    case v1::AlgorithmConfig::kWolpertinger: {
      const v1::WolpertingerConfig& w = config.wolpertinger();
      const double units = w.hidden_units();
      return {"algorithm.wolpertinger.hidden_units",
              units,
              2.0 * (spec.num_user_features + units) + w.embedding_size(),
              static_cast<double>(w.k() + w.random_candidates()),
              static_cast<double>(w.embedding_size()),
              2 * units,
              "candidates"};
    }
    case v1::AlgorithmConfig::kSlateQ: {
      const v1::SlateQConfig& s = config.slate_q();
      const double considered =
          s.has_proposal() ? std::min<double>(s.proposal().k() + s.proposal().random_candidates(), items) : items;
      return QNetworkOf(s.q(), "algorithm.slate_q.q.hidden_units", spec, considered, features, "candidates");
    }
    case v1::AlgorithmConfig::kFullSlateQ:
      return QNetworkOf(config.full_slate_q().q(), "algorithm.full_slate_q.q.hidden_units", spec, slates,
                        spec.slate_size * features, "slates");
    case v1::AlgorithmConfig::kDqn:
      return QNetworkOf(config.dqn().q(), "algorithm.dqn.q.hidden_units", spec, slates, spec.slate_size * features,
                        "candidates");
    case v1::AlgorithmConfig::ALGORITHM_NOT_SET:
      break;
  }
  return {};
}

std::vector<MemoryNeed> LearnerNeeds(const v1::ExperimentConfig& config, const EnvironmentSpec& spec, int learners) {
  const v1::LearnerConfig& learner = config.learner();
  const Network network = NetworkOf(config.algorithm(), spec);
  const double rows = RowBytesOfTransitions(config, spec) * learner.batches_in_flight();
  // Inputs for this step and for the next one; hidden layers of the online network and of the target network.
  const double activations = kFloat * network.rows * 2 * (network.inputs + network.hidden);
  // Online parameters, target parameters, gradients, and the optimiser's two moments.
  const double parameters = 5 * kFloat * network.parameters_per_unit;
  return {{"learner.batch_size", static_cast<double>(learner.batch_size()), rows + activations,
           absl::StrCat(learner.batches_in_flight(), " rows in flight, and networks on ", NumberText(network.rows), " ",
                        network.action, " of ", NumberText(network.inputs), " numbers"),
           learners},
          {network.path, network.units, parameters, "parameters with their gradients and moments", learners}};
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
    const auto bytes = static_cast<double>(table.capacity_bytes());
    if (bytes <= rows) {
      needs.push_back(
          {path + ".capacity_bytes", bytes, 1, absl::StrCat("rows of ", NumberText(row), " bytes"), replays});
    } else {
      needs.push_back({path + ".capacity_rows", static_cast<double>(table.capacity_rows()), row + kSmallestBookkeeping,
                       absl::StrCat("a row of ", NumberText(row), " bytes"), replays});
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
