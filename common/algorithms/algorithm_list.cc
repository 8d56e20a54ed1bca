#include "common/algorithms/algorithm_list.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace recbots {

std::vector<std::string> AlgorithmNames() {
  const auto name = [](int field) { return v1::AlgorithmConfig::descriptor()->FindFieldByNumber(field)->name(); };
  return std::apply([&](auto... rows) { return std::vector<std::string>{name(rows.kCase)...}; }, AlgorithmList());
}

absl::Status NoAlgorithm() {
  std::vector<std::string> names = AlgorithmNames();
  const std::string last = names.back();
  names.pop_back();
  return absl::InvalidArgumentError(
      absl::StrCat("algorithm: none chosen, want ", absl::StrJoin(names, ", "), " or ", last));
}

}  // namespace recbots
