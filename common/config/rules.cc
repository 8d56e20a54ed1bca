#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/algorithms/algorithm_list.h"
#include "common/algorithms/transition_options.h"
#include "common/base/device.h"
#include "common/base/status_macros.h"
#include "common/config/config.h"
#include "common/config/validate.h"
#include "common/rl/spec.h"

namespace recbots {
namespace {

// "environment: no scenario, want one of document_browsing".
absl::Status CheckChosen(const google::protobuf::Message& message, absl::string_view name) {
  const google::protobuf::OneofDescriptor& choice = *message.GetDescriptor()->oneof_decl(0);
  if (message.GetReflection()->HasOneof(message, &choice)) return absl::OkStatus();
  std::vector<std::string> members;
  for (int i = 0; i < choice.field_count(); ++i) members.push_back(choice.field(i)->name());
  return absl::InvalidArgumentError(
      absl::StrCat(name, ": no ", choice.name(), ", want one of ", absl::StrJoin(members, ", ")));
}

// Whether `text` is UTF-8 of printable characters (every character beyond ASCII counts as printable).
bool IsPrintableUtf8(absl::string_view text) {
  for (size_t i = 0; i < text.size();) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const size_t length = byte < 0x80 ? 1 : byte >> 5 == 0x6 ? 2 : byte >> 4 == 0xE ? 3 : byte >> 3 == 0x1E ? 4 : 0;
    if (length == 0 || length > text.size() - i || byte < 0x20 || byte == 0x7F) return false;
    uint32_t code = length == 1 ? byte : byte & (0x7Fu >> length);
    for (size_t j = 1; j < length; ++j) {
      const auto next = static_cast<unsigned char>(text[i + j]);
      if (next >> 6 != 0x2) return false;
      code = code << 6 | (next & 0x3Fu);
    }
    constexpr uint32_t kSmallest[] = {0, 0, 0xA0, 0x800, 0x10000};  // Below: overlong, or a control character.
    if (code < kSmallest[length] || code > 0x10FFFF || code >> 11 == 0x1B) return false;
    i += length;
  }
  return true;
}

// The name becomes part of a folder's name, of a line in a log, and of JSON.
absl::Status CheckName(const std::string& name) {
  const bool fits = !name.empty() && name.size() <= 100 && name[0] != '.' && name.find('/') == std::string::npos;
  if (fits && IsPrintableUtf8(name)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("name \"", absl::CHexEscape(name.substr(0, 100)), name.size() > 100 ? "...\" of " : "\"",
                   name.size() > 100 ? absl::StrCat(name.size(), " bytes") : "",
                   ", want 1..100 bytes of UTF-8 without '/' and control characters, not beginning with '.'"));
}

absl::Status CheckAlgorithm(const v1::AlgorithmConfig& config, const EnvironmentSpec& spec) {
  using Check = absl::Status (*)(const v1::AlgorithmConfig&, const EnvironmentSpec&);
  const Check check = OfChosen(config, [](auto row) -> Check {
    if constexpr (requires { row.Check; }) return row.Check;
    return nullptr;
  });
  return check == nullptr ? absl::OkStatus() : check(config, spec);
}

absl::Status CheckNetwork(const v1::NetworkConfig& config) {
  constexpr int kMaxHiddenLayers = 8;
  if (config.hidden_layers_size() <= kMaxHiddenLayers) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("algorithm.network.hidden_layers of ", config.hidden_layers_size(),
                                                 " layers, want at most ", kMaxHiddenLayers));
}

absl::Status CheckOptimizer(const v1::OptimizerConfig& config) {
  if (config.schedule() == v1::OptimizerConfig::CONSTANT || config.decay_steps() > 0) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("algorithm.optimizer.decay_steps ", config.decay_steps(), ", want at least 1 with schedule ",
                   v1::OptimizerConfig::Schedule_Name(config.schedule()), ": the steps that it takes"));
}

// The size of a row is bounded. The message names the settings that make the row large, not the column.
absl::Status RowIsTooLarge(const v1::ExperimentConfig& config, const EnvironmentSpec& spec, const absl::Status& why) {
  const TransitionOptions options = TransitionOptionsOf(config.algorithm());
  const auto fits = [&](int num_candidates) {
    EnvironmentSpec smaller = spec;
    smaller.num_candidates = num_candidates;
    return TransitionSchema(smaller, options).ok();
  };
  int largest = 0;
  for (int above = spec.num_candidates; above - largest > 1;) {
    const int middle = largest + (above - largest) / 2;
    (fits(middle) ? largest : above) = middle;
  }
  const v1::EnvironmentConfig& environment = config.environment();
  const auto* scenario = environment.GetReflection()->GetOneofFieldDescriptor(
      environment, environment.GetDescriptor()->FindOneofByName("scenario"));
  if (largest == 0 || spec.num_candidate_features == 0 || scenario == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat("environment: ", spec.num_user_features, " user features and ",
                                                   spec.num_candidates, " candidates of ", spec.num_candidate_features,
                                                   " make no row of a table: ", why.message()));
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "environment.", scenario->name(), ".num_candidates ", spec.num_candidates, ", want at most ", largest,
      ": a row of experience holds the ", spec.num_candidate_features, " features of each candidate twice and ",
      spec.num_user_features, " of the user, in at most ", RowSchema::kMaxRowBytes, " bytes"));
}

// Batches hold whole sessions.
absl::Status CheckSessions(const v1::ExperimentConfig& config) {
  const int session = config.environment().users_per_session();
  if (config.actor().users() % session == 0) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("actor.users ", config.actor().users(),
                                                 ", want a multiple of environment.users_per_session ", session));
}

absl::Status CheckActor(const v1::ExperimentConfig& config, int64_t row_bytes) {
  const v1::ActorConfig& actor = config.actor();
  if (actor.policy_share_min() > actor.policy_share_max()) {
    return absl::InvalidArgumentError(absl::StrCat("actor.policy_share_min ", actor.policy_share_min(),
                                                   ", want at most policy_share_max ", actor.policy_share_max()));
  }
  if (actor.policy_share_initial() > 0 && actor.policy_share_annealing_steps() == 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("actor.policy_share_initial ", actor.policy_share_initial(),
                     ", want 0 where policy_share_annealing_steps is 0: it has no effect"));
  }
  if (actor.block_bytes() == 0) return absl::OkStatus();
  if (actor.block_bytes() < row_bytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("actor.block_bytes ", actor.block_bytes(), ", want at least ", row_bytes, " (one row)"));
  }
  if (actor.block_bytes() > config.replay().insert_window_bytes()) {
    return absl::InvalidArgumentError(
        absl::StrCat("actor.block_bytes ", actor.block_bytes(), ", want at most replay.insert_window_bytes ",
                     config.replay().insert_window_bytes(), ", else no block could ever be sent"));
  }
  return absl::OkStatus();
}

// Only one share may end a run. A run whose max_env_steps is too small to fill the table until sampling begins would
// never learn, nor end.
absl::Status CheckGoal(const v1::ExperimentConfig& config) {
  const v1::GoalConfig& goal = config.goal();
  if (goal.share_of_gap() > 0 && goal.share_of_optimum() > 0) {
    return absl::InvalidArgumentError(absl::StrCat("goal.share_of_gap ", goal.share_of_gap(),
                                                   ", want 0 beside goal.share_of_optimum ", goal.share_of_optimum(),
                                                   ": only one of them ends a run"));
  }
  if (goal.max_updates() % config.learner().updates_per_batch() != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("goal.max_updates ", goal.max_updates(), ", want a multiple of learner.updates_per_batch ",
                     config.learner().updates_per_batch(), ": a run ends between batches"));
  }
  const v1::RateLimiterConfig& limiter = config.replay().table().rate_limiter();
  const bool queue = limiter.kind() == v1::RateLimiterConfig::QUEUE;
  const int64_t first_sample = queue ? config.learner().batch_size() : limiter.min_size();
  if (goal.max_env_steps() == 0 || goal.max_env_steps() >= first_sample) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "goal.max_env_steps ", goal.max_env_steps(), ", want 0 or at least ", first_sample,
      queue ? " (learner.batch_size)" : " (replay.table.rate_limiter.min_size)", ", else nothing is learnt"));
}

}  // namespace

absl::Status CheckRules(const v1::ExperimentConfig& config) {
  RECBOTS_RETURN_IF_ERROR(CheckName(config.name()));
  if (const absl::Status device = ParseDevice(config.learner().device()).status(); !device.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("learner.", device.message()));
  }
  if (HoldsTransitions(config.replay())) RECBOTS_RETURN_IF_ERROR(CheckChosen(config.environment(), "environment"));
  RECBOTS_RETURN_IF_ERROR(CheckGoal(config));
  return CheckReplay(config);
}

absl::Status CheckTraining(const v1::ExperimentConfig& config, const EnvironmentSpec& spec) {
  RECBOTS_RETURN_IF_ERROR(CheckChosen(config.algorithm(), "algorithm"));
  RECBOTS_RETURN_IF_ERROR(CheckOptimizer(config.algorithm().optimizer()));
  RECBOTS_RETURN_IF_ERROR(CheckNetwork(config.algorithm().network()));
  RECBOTS_RETURN_IF_ERROR(CheckAlgorithm(config.algorithm(), spec));
  RECBOTS_RETURN_IF_ERROR(CheckSessions(config));
  const absl::StatusOr<RowSchema> schema = TransitionSchema(spec, TransitionOptionsOf(config.algorithm()));
  if (!schema.ok()) return RowIsTooLarge(config, spec, schema.status());
  const auto row_bytes = static_cast<int64_t>(schema->row_bytes());
  RECBOTS_RETURN_IF_ERROR(CheckReplayOfTransitions(config, row_bytes));
  return CheckActor(config, row_bytes);
}

}  // namespace recbots
