#include "common/config/idle_settings.h"

#include <algorithm>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace recbots {
namespace {

using google::protobuf::Message;
using v1::ExperimentConfig;

// Fields of one type of message, and the reason why they have no effect: "sampler UNIFORM, want PRIORITIZED"; empty if
// they have one. It names a setting of another message by its whole path.
struct Rule {
  const google::protobuf::Descriptor* type;
  std::vector<std::string> fields;
  std::function<std::string(const Message&, const ExperimentConfig&)> why_not;
};

template <typename M, typename WhyNot>
Rule For(std::vector<std::string> fields, WhyNot why_not) {
  return {M::descriptor(), std::move(fields),
          [why_not](const Message& message, const ExperimentConfig& config) -> std::string {
            return why_not(static_cast<const M&>(message), config);
          }};
}

std::string WithoutPriorities(v1::TableConfig::Sampler sampler, const char* table) {
  if (sampler == v1::TableConfig::PRIORITIZED) return "";
  return absl::StrCat(table, "sampler ", v1::TableConfig::Sampler_Name(sampler), ", want PRIORITIZED");
}

bool IsQueue(const v1::RateLimiterConfig& limiter) { return limiter.kind() == v1::RateLimiterConfig::QUEUE; }

std::vector<Rule> ReplayRules() {
  return {
      For<v1::LearnerConfig>({"priority_offset", "importance_exponent", "importance_annealing_updates"},
                             [](const v1::LearnerConfig&, const ExperimentConfig& config) {
                               return WithoutPriorities(config.replay().table().sampler(), "replay.table.");
                             }),
      For<v1::TableConfig>(
          {"priority_exponent"},
          [](const v1::TableConfig& table, const ExperimentConfig&) { return WithoutPriorities(table.sampler(), ""); }),
      For<v1::TableConfig>({"remover"},
                           [](const v1::TableConfig& table, const ExperimentConfig&) {
                             return IsQueue(table.rate_limiter())
                                        ? "rate_limiter.kind QUEUE, where nothing makes room; want RATIO"
                                        : "";
                           }),
      For<v1::RateLimiterConfig>({"queue_size"},
                                 [](const v1::RateLimiterConfig& limiter, const ExperimentConfig&) {
                                   return IsQueue(limiter) ? "" : "kind RATIO, want QUEUE";
                                 }),
      For<v1::RateLimiterConfig>({"min_size", "samples_per_insert", "error_buffer"},
                                 [](const v1::RateLimiterConfig& limiter, const ExperimentConfig&) {
                                   return IsQueue(limiter) ? "kind QUEUE, want RATIO" : "";
                                 }),
      For<v1::RateLimiterConfig>({"error_buffer"}, [](const v1::RateLimiterConfig& limiter, const ExperimentConfig&) {
        return limiter.samples_per_insert() == 0 ? "samples_per_insert 0, want a ratio" : "";
      })};
}

// Where the hidden layers are listed for all networks, none has sizes of its own.
template <typename M>
Rule OwnHiddenUnits(std::vector<std::string> fields) {
  return For<M>(std::move(fields), [](const M&, const ExperimentConfig& config) {
    const int layers = config.algorithm().network().hidden_layers_size();
    return layers == 0 ? "" : absl::StrCat("algorithm.network.hidden_layers of ", layers, " layers, want none");
  });
}

std::vector<Rule> NetworkRules() {
  using Q = v1::QLearningConfig;
  return {For<Q>({"value_atoms"},
                 [](const Q& q, const ExperimentConfig&) {
                   return q.value_head() == Q::SCALAR ? "value_head SCALAR, want QUANTILE or TWO_HOT" : "";
                 }),
          For<Q>({"value_range"},
                 [](const Q& q, const ExperimentConfig&) {
                   return q.value_head() == Q::TWO_HOT
                              ? ""
                              : absl::StrCat("value_head ", Q::ValueHead_Name(q.value_head()), ", want TWO_HOT");
                 }),
          For<Q>({"huber_delta"},
                 [](const Q& q, const ExperimentConfig&) {
                   return q.value_head() == Q::TWO_HOT ? "value_head TWO_HOT, want SCALAR or QUANTILE" : "";
                 }),
          OwnHiddenUnits<v1::QLearningConfig>({"hidden_units", "second_hidden_units"}),
          OwnHiddenUnits<v1::WolpertingerConfig>({"hidden_units"}),
          OwnHiddenUnits<v1::ClickModelConfig>({"hidden_units"}),
          OwnHiddenUnits<v1::SlateProposalConfig>({"hidden_units"})};
}

std::vector<Rule> AlgorithmRules() {
  return {For<v1::QLearningConfig>({"tau"},
                                   [](const v1::QLearningConfig& q, const ExperimentConfig&) {
                                     return q.target_update_period() > 0
                                                ? absl::StrCat("target_update_period ", q.target_update_period(),
                                                               ", want 0")
                                                : "";
                                   }),
          For<v1::ClickModelConfig>({"hidden_units", "learning_rate", "held_out"},
                                    [](const v1::ClickModelConfig& clicks, const ExperimentConfig&) {
                                      return clicks.learned() ? "" : "learned false, want true";
                                    }),
          For<v1::WolpertingerConfig>({"target_noise_clip"},
                                      [](const v1::WolpertingerConfig& algorithm, const ExperimentConfig&) {
                                        return algorithm.target_noise() > 0 ? "" : "target_noise 0, want more";
                                      }),
          For<v1::OptimizerConfig>({"decay_steps", "final_share"},
                                   [](const v1::OptimizerConfig& optimizer, const ExperimentConfig&) {
                                     return optimizer.schedule() == v1::OptimizerConfig::CONSTANT
                                                ? "schedule CONSTANT, want LINEAR or COSINE"
                                                : "";
                                   }),
          For<v1::ActorConfig>({"policy_share_spread"},
                               [](const v1::ActorConfig& actor, const ExperimentConfig&) {
                                 return actor.policy_share_min() == actor.policy_share_max()
                                            ? absl::StrCat("policy_share_min and policy_share_max both ",
                                                           actor.policy_share_min(), ", want them to differ")
                                            : "";
                               }),
          For<v1::GoalConfig>({"evaluations"}, [](const v1::GoalConfig& goal, const ExperimentConfig&) {
            return goal.share_of_optimum() > 0 || goal.share_of_gap() > 0
                       ? ""
                       : "share_of_optimum and share_of_gap both 0, want one of them to be a goal";
          })};
}

std::vector<Rule> EnvironmentRules() {
  using Videos = v1::InterestEvolutionConfig;
  const auto videos = [](std::vector<std::string> fields, Videos::VideoSampler sampler) {
    return For<Videos>(std::move(fields), [sampler](const Videos& config, const ExperimentConfig&) {
      return config.video_sampler() == sampler
                 ? ""
                 : absl::StrCat("video_sampler ", Videos::VideoSampler_Name(config.video_sampler()), ", want ",
                                Videos::VideoSampler_Name(sampler));
    });
  };
  return {videos({"min_utility", "max_utility", "quality_stddev", "video_length"}, Videos::CLUSTER_VIDEOS),
          videos({"min_feature", "max_feature", "video_quality", "video_length_mean", "video_length_stddev",
                  "max_video_length"},
                 Videos::UNIFORM_VIDEOS),
          For<v1::HistoryConfig>({"trace_scale"},
                                 [](const v1::HistoryConfig& history, const ExperimentConfig&) {
                                   return history.trace_decay().empty() ? "trace_decay of no numbers, want at least one"
                                                                        : "";
                                 }),
          For<v1::HistoryConfig>({"remember_user", "remember_response", "remember_candidates"},
                                 [](const v1::HistoryConfig& history, const ExperimentConfig&) {
                                   return history.length() == 0 ? "length 0, want more" : "";
                                 })};
}

std::vector<Rule> AgentRules() {
  using Table = v1::TabularQConfig;
  return {For<Table>({"exploration_temperature"},
                     [](const Table& table, const ExperimentConfig&) {
                       return table.exploration() == Table::MIN_COUNT ? "exploration MIN_COUNT, want EPSILON_GREEDY"
                                                                      : "";
                     }),
          For<Table>({"exploration", "exploration_temperature", "learning_rate", "learning_rate_exponent", "gamma"},
                     [](const Table& table, const ExperimentConfig&) {
                       return table.eval_mode() ? "eval_mode true, want false" : "";
                     })};
}

std::vector<Rule> AllRules() {
  std::vector<Rule> all = ReplayRules();
  for (auto more : {AlgorithmRules(), NetworkRules(), EnvironmentRules(), AgentRules()})
    all.insert(all.end(), more.begin(), more.end());
  return all;
}

// The message that holds the last field of a path; null if it does not exist any more. `prefix` receives its name.
const Message* Holder(const std::vector<std::string>& steps, const Message& root, std::string& prefix) {
  const Message* message = &root;
  for (size_t i = 0; i + 1 < steps.size(); ++i) {
    const std::string name = steps[i].substr(0, steps[i].find('['));
    const auto* field = message->GetDescriptor()->FindFieldByName(name);
    if (field == nullptr || field->message_type() == nullptr) return nullptr;
    const auto& reflection = *message->GetReflection();
    int index = -1;
    if (!field->is_repeated()) {
      if (!reflection.HasField(*message, field)) return nullptr;
      message = &reflection.GetMessage(*message, field);
    } else {
      const std::string digits = steps[i].substr(std::min(name.size() + 1, steps[i].size()));
      if (!absl::SimpleAtoi(digits.substr(0, digits.find(']')), &index)) return nullptr;
      if (index < 0 || index >= reflection.FieldSize(*message, field)) return nullptr;
      message = &reflection.GetRepeatedMessage(*message, field, index);
    }
    absl::StrAppend(&prefix, steps[i], ".");
  }
  return message;
}

}  // namespace

absl::Status CheckCounts(absl::string_view path, const ExperimentConfig& config) {
  static const std::vector<Rule>* rules = new std::vector<Rule>(AllRules());
  const std::vector<std::string> steps = absl::StrSplit(absl::StripAsciiWhitespace(path), '.');
  std::string prefix;
  const Message* holder = Holder(steps, config, prefix);
  if (holder == nullptr) return absl::OkStatus();
  for (const Rule& rule : *rules) {
    if (rule.type != holder->GetDescriptor()) continue;
    if (std::find(rule.fields.begin(), rule.fields.end(), steps.back()) == rule.fields.end()) continue;
    const std::string why = rule.why_not(*holder, config);
    if (why.empty()) continue;
    const bool elsewhere = absl::StartsWith(why, "replay.") || absl::StartsWith(why, "algorithm.");
    return absl::InvalidArgumentError(
        absl::StrCat("--set ", prefix, steps.back(), " has no effect with ", elsewhere ? "" : prefix, why));
  }
  return absl::OkStatus();
}

}  // namespace recbots
