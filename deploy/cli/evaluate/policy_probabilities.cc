#include "deploy/cli/evaluate/policy_probabilities.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/rl/spec.h"

namespace recbots {

absl::Status FillUniform(int64_t num_items, InteractionLog& log) {
  const auto items = static_cast<double>(num_items);
  log.evaluation_slate.assign(log.num_rows(), 1.0);
  log.evaluation_item.assign(log.num_rows(), 1 / items);
  log.evaluation_prefix.assign(log.num_rows(), 1.0);
  for (size_t slate = 0; slate < log.num_slates(); ++slate) {
    const auto begin = static_cast<size_t>(log.slate_begin[slate]);
    const auto end = static_cast<size_t>(log.slate_begin[slate + 1]);
    if (static_cast<int64_t>(end - begin) > num_items) {
      return absl::InvalidArgumentError(absl::StrCat("a slate of ", end - begin, " items from a catalogue of ",
                                                     num_items, ", want a catalogue of at least as many items"));
    }
    double prefix = 1;
    for (size_t row = begin; row < end; ++row) {
      const auto first = log.item.begin() + static_cast<ptrdiff_t>(begin);
      const auto here = log.item.begin() + static_cast<ptrdiff_t>(row);
      const bool again = *here == kNoItem || std::find(first, here, *here) != here;
      prefix *= again ? 0 : 1 / (items - static_cast<double>(row - begin));
      log.evaluation_prefix[row] = prefix;
    }
    for (size_t row = begin; row < end; ++row) log.evaluation_slate[row] = prefix;
  }
  return absl::OkStatus();
}

ModelValues FitModel(const InteractionLog& log, const std::vector<double>& row_reward, int64_t num_items,
                     uint64_t seed) {
  std::vector<double> target = row_reward;
  std::vector<uint8_t> half(log.num_rows());
  for (size_t session = 0; session < log.num_sessions(); ++session) {
    const auto first = static_cast<size_t>(log.slate_begin[static_cast<size_t>(log.session_begin[session])]);
    const auto last = static_cast<size_t>(log.slate_begin[static_cast<size_t>(log.session_begin[session + 1])]);
    std::fill(half.begin() + static_cast<ptrdiff_t>(first), half.begin() + static_cast<ptrdiff_t>(last),
              HalfOfSession(seed, static_cast<int64_t>(session)));
  }
  for (size_t slate = 0; slate < log.num_slates(); ++slate) {
    for (int64_t row = log.slate_begin[slate + 1] - 1; row-- > log.slate_begin[slate];) {
      target[static_cast<size_t>(row)] += target[static_cast<size_t>(row) + 1];
    }
  }
  const RewardModel model = RewardModel::Fit({log.item, log.position, target, half}, static_cast<int32_t>(num_items));
  ModelValues values{std::vector<double>(log.num_rows()), std::vector<double>(log.num_rows())};
  for (size_t slate = 0; slate < log.num_slates(); ++slate) {
    const int64_t begin = log.slate_begin[slate];
    double shown = 0;  // The deviations of the items above.
    for (int64_t i = begin; i < log.slate_begin[slate + 1]; ++i) {
      const auto row = static_cast<size_t>(i);
      values.q[row] = model.Predict(half[row], log.item[row], log.position[row]);
      const double mean = model.PositionMean(half[row], log.position[row]);
      const auto rest = static_cast<double>(num_items - (i - begin));
      values.v[row] = num_items == 0 ? mean : mean + (model.SumOfItems(half[row]) - shown) / rest;
      shown += values.q[row] - mean;
    }
  }
  return values;
}

}  // namespace recbots
