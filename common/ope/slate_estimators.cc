#include "common/ope/slate_estimators.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "common/base/log.h"

namespace recbots {
namespace {

// Adds up above(row, position) for each session; below is the number of slates.
template <typename Above>
RatioPart MeanOverSlates(const WeightedRows& rows, Above&& above) {
  const size_t sessions = rows.session_begin.size() - 1;
  RatioPart part{std::vector<double>(sessions, 0.0), std::vector<double>(sessions, 0.0)};
  for (size_t session = 0; session < sessions; ++session) {
    const int64_t first = rows.session_begin[session];
    const int64_t last = rows.session_begin[session + 1];
    part.denominator[session] = static_cast<double>(last - first);
    for (int64_t slate = first; slate < last; ++slate) {
      const auto begin = static_cast<size_t>(rows.slate_begin[static_cast<size_t>(slate)]);
      const auto end = static_cast<size_t>(rows.slate_begin[static_cast<size_t>(slate) + 1]);
      for (size_t row = begin; row < end; ++row) part.numerator[session] += above(row, row - begin);
    }
  }
  return part;
}

}  // namespace

EstimateParts PositionIps(const WeightedRows& rows) {
  EstimateParts parts;
  parts.push_back(MeanOverSlates(rows, [&](size_t row, size_t) { return rows.weight[row] * rows.reward[row]; }));
  return parts;
}

EstimateParts SelfNormalisedPositionIps(const WeightedRows& rows) {
  const size_t slates = rows.slate_begin.size() - 1;
  size_t positions = 0;
  for (size_t slate = 0; slate < slates; ++slate) {
    positions = std::max(positions, static_cast<size_t>(rows.slate_begin[slate + 1] - rows.slate_begin[slate]));
  }
  std::vector<double> shown(positions, 0.0);
  for (size_t slate = 0; slate < slates; ++slate) {
    const int64_t size = rows.slate_begin[slate + 1] - rows.slate_begin[slate];
    for (int64_t position = 0; position < size; ++position) shown[static_cast<size_t>(position)] += 1;
  }
  EstimateParts parts;
  for (size_t position = 0; position < positions; ++position) {
    const auto here = [&](size_t row, size_t at, double value) {
      return at == position ? rows.weight[row] * value : 0;
    };
    // This share of the slates has the position.
    const double share = shown[position] / static_cast<double>(slates);
    RatioPart above =
        MeanOverSlates(rows, [&](size_t row, size_t at) { return share * here(row, at, rows.reward[row]); });
    RatioPart below = MeanOverSlates(rows, [&](size_t row, size_t at) { return here(row, at, 1); });
    parts.push_back({std::move(above.numerator), std::move(below.numerator)});
  }
  return parts;
}

EstimateParts CascadeDoublyRobust(const WeightedRows& rows) {
  RECBOTS_CHECK(rows.q.size() == rows.weight.size() && rows.v.size() == rows.weight.size())
      << "rows " << rows.weight.size() << ", values of a model " << rows.q.size();
  EstimateParts parts;
  parts.push_back(MeanOverSlates(rows, [&](size_t row, size_t position) {
    const double before = position == 0 ? 1 : rows.weight[row - 1];
    return rows.weight[row] * (rows.reward[row] - rows.q[row]) + before * rows.v[row];
  }));
  return parts;
}

}  // namespace recbots
