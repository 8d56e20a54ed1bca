#include "common/agents/tabular_q_table.h"

#include <algorithm>
#include <cmath>

#include "common/base/log.h"

namespace recbots {

Digitizer::Digitizer(double low, double high, int num_edges)
    : low_(low),
      spacing_(num_edges > 1 ? (high - low) / (num_edges - 1) : 1),
      end_(num_edges > 1 ? high : low),
      last_(num_edges - 1) {
  RECBOTS_CHECK(low < high && num_edges >= 1) << low << ".." << high << ", edges " << num_edges;
}

int Digitizer::Index(double value) const {
  if (!(value < end_)) return last_ + 1;
  if (value < low_) return 0;
  // Near an edge the quotient may be off by one.
  int below = std::min(last_, static_cast<int>((value - low_) / spacing_));
  while (below > 0 && value < Edge(below)) --below;
  while (below < last_ && value >= Edge(below + 1)) ++below;
  return below + 1;
}

void QTable::Update(const QKey& key, double target, double learning_rate, double exponent) {
  QEntry& entry = entries_[key];
  ++entry.visits;
  const double step =
      exponent == 0 ? learning_rate : learning_rate * std::pow(static_cast<double>(entry.visits), -exponent);
  entry.value = step * target + (1 - step) * entry.value;
}

}  // namespace recbots
