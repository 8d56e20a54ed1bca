#include "actor/scenarios/external/options.h"

#include <cmath>
#include <map>
#include <set>
#include <type_traits>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/check_range.h"
#include "common/base/status_macros.h"

namespace recbots {
namespace {

constexpr size_t kMaxNameBytes = 256;
constexpr size_t kMaxResponseFields = 256;
// One row must fit into a message (4 bytes a number).
constexpr int64_t kMaxCandidateNumbers = int64_t{1} << 24;

template <typename... Parts>
absl::Status Refuse(const Parts&... parts) {
  return absl::InvalidArgumentError(absl::StrCat(parts...));
}

absl::Status CheckName(absl::string_view field, const std::string& name) {
  if (name.empty() || name.size() > kMaxNameBytes) {
    return Refuse(field, " has ", name.size(), " bytes, want 1..", kMaxNameBytes);
  }
  for (const char c : name) {
    if (c >= ' ' && c <= '~') continue;
    return Refuse(field, " has the byte ", static_cast<int>(static_cast<unsigned char>(c)), ", want printable ASCII");
  }
  return absl::OkStatus();
}

absl::Status CheckResponse(const std::vector<std::string>& response) {
  if (response.empty() || response.size() > kMaxResponseFields) {
    return Refuse("response has ", response.size(), " names, want 1..", kMaxResponseFields);
  }
  std::set<std::string> seen;
  for (size_t i = 0; i < response.size(); ++i) {
    RECBOTS_RETURN_IF_ERROR(CheckName(absl::StrCat("response[", i, "]"), response[i]));
    if (!seen.insert(response[i]).second) {
      return Refuse("response[", i, "] '", response[i], "' is a name given before, want different ones");
    }
  }
  return absl::OkStatus();
}

absl::Status CheckRewards(const ExternalSpecOptions& options) {
  if (!std::isfinite(options.min_reward)) return Refuse("min_reward ", options.min_reward, ", want a finite number");
  if (!std::isfinite(options.max_reward)) return Refuse("max_reward ", options.max_reward, ", want a finite number");
  if (options.min_reward < options.max_reward) return absl::OkStatus();
  return Refuse("min_reward ", options.min_reward, ", want less than max_reward ", options.max_reward);
}

// Keeps "name value" of every field as text.
struct TextOfFields {
  std::map<std::string, std::string> fields;

  template <typename T>
  void operator()(const char* name, const T& member, const Range&) {
    if constexpr (std::is_same_v<T, std::vector<std::string>>) {
      fields[name] = absl::StrCat("[", absl::StrJoin(member, ", "), "]");
    } else if constexpr (std::is_same_v<T, std::string>) {
      fields[name] = absl::StrCat("'", member, "'");
    } else {
      fields[name] = absl::StrCat(member);
    }
  }
};

}  // namespace

absl::Status Validate(const ExternalSpecOptions& options) {
  RECBOTS_RETURN_IF_ERROR(CheckSettings(options));
  RECBOTS_RETURN_IF_ERROR(CheckName("name", options.name));
  if (options.user_features == 0 && options.candidate_features == 0) {
    return Refuse(
        "user_features and candidate_features are both 0, want at least one above 0: the policy would see nothing");
  }
  RECBOTS_RETURN_IF_ERROR(
      CheckRange("slate_size", options.slate_size, 1, options.num_candidates, " (and at most num_candidates)"));
  RECBOTS_RETURN_IF_ERROR(CheckRange("num_clusters", options.num_clusters, 0, options.candidate_features,
                                     " (and at most candidate_features)"));
  const int64_t numbers = int64_t{options.num_candidates} * options.candidate_features;
  if (numbers > kMaxCandidateNumbers) {
    return Refuse("candidate_features ", options.candidate_features, " of num_candidates ", options.num_candidates,
                  " are ", numbers, " numbers for each user, want at most ", kMaxCandidateNumbers);
  }
  RECBOTS_RETURN_IF_ERROR(CheckResponse(options.response));
  return CheckRewards(options);
}

absl::Status Validate(const ExternalOptions& options) {
  RECBOTS_RETURN_IF_ERROR(CheckSettings(options));
  if (options.command.empty() == options.address.empty()) {
    return options.command.empty() ? Refuse("command is not given, and neither is address: want one of them")
                                   : Refuse("command is given, and so is address: want one of them");
  }
  const ExternalSpecOptions& spec = options.spec;
  if (spec.user_features == 0 && spec.candidate_features == 0) {
    return Refuse(
        "spec is not given, or says neither user_features nor candidate_features: want what `recbots describe CONFIG` "
        "prints");
  }
  return WithPath("spec", Validate(spec));
}

EnvironmentSpec SpecOf(const ExternalSpecOptions& options) {
  EnvironmentSpec spec;
  spec.name = options.name;
  spec.num_user_features = options.user_features;
  spec.num_candidates = options.num_candidates;
  spec.num_candidate_features = options.candidate_features;
  spec.slate_size = options.slate_size;
  spec.min_slate_size = options.slate_size;
  spec.response_fields = options.response;
  // Candidates without features differ by their position only, as items of a catalogue do; with features, they come
  // with every step.
  spec.fixed_catalogue = options.candidate_features == 0;
  spec.num_clusters = options.num_clusters;
  spec.min_reward = options.min_reward;
  spec.max_reward = options.max_reward;
  spec.max_episode_steps = options.max_episode_steps;
  return spec;
}

std::string SpecDifference(const ExternalSpecOptions& has, const ExternalSpecOptions& want) {
  TextOfFields there;
  TextOfFields here;
  has.ForEachField(there);
  want.ForEachField(here);
  std::string difference;
  for (const auto& [name, value] : there.fields) {
    if (value == here.fields[name]) continue;
    absl::StrAppend(&difference, difference.empty() ? "" : "; ", name, " ", value, ", want ", here.fields[name]);
  }
  return difference;
}

}  // namespace recbots
