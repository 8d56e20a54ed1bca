#include "learner/dashboard/series_recorder.h"

#include <algorithm>
#include <cmath>

namespace recbots {
namespace {

// Entries of a tier that make one of the next tier.
constexpr size_t kTogether = 4;

int64_t RowsOf(size_t tier) { return int64_t{1} << (2 * tier); }

// Adds points that stand for equal parts of a range.
class Parts {
 public:
  Parts(double first, double last, size_t count)
      : first_(first), width_(std::max((last - first) / static_cast<double>(count), 1e-12)), count_(count) {}

  void Add(double x, double mean, double min, double max, double rows) {
    const auto part = std::min(static_cast<size_t>((x - first_) / width_), count_ - 1);
    if (points_.empty() || part != part_) {
      points_.push_back({x, mean, min, max});
      rows_ = 0;
      part_ = part;
    }
    SeriesPoint& point = points_.back();
    rows_ += rows;
    point.x = x;
    point.mean += (mean - point.mean) * rows / rows_;
    point.min = std::min(point.min, min);
    point.max = std::max(point.max, max);
  }
  std::vector<SeriesPoint> Take() { return std::move(points_); }

 private:
  const double first_, width_;
  const size_t count_;
  size_t part_ = 0;
  double rows_ = 0;
  std::vector<SeriesPoint> points_;
};

}  // namespace

double SeriesRecorder::XOf(const Entry& entry, SeriesAxis axis) {
  switch (axis) {
    case SeriesAxis::kEnvSteps:
      return static_cast<double>(entry.clocks.env_steps);
    case SeriesAxis::kUpdates:
      return static_cast<double>(entry.clocks.updates);
    case SeriesAxis::kSeconds:
      break;
  }
  return entry.clocks.wall_seconds;
}

SeriesRecorder::Summary SeriesRecorder::Merge(absl::Span<const Entry> entries, size_t name) {
  Summary merged;
  double sum = 0;
  int count = 0;
  for (const Entry& entry : entries) {
    if (name >= entry.summaries.size() || std::isnan(entry.summaries[name].mean)) continue;
    const Summary& one = entry.summaries[name];
    merged.min = count == 0 ? one.min : std::min(merged.min, one.min);
    merged.max = count == 0 ? one.max : std::max(merged.max, one.max);
    sum += one.mean;
    ++count;
  }
  if (count > 0) merged.mean = static_cast<float>(sum / count);
  return merged;
}

size_t SeriesRecorder::NumberOf(absl::string_view name) {
  const auto found = std::find(names_.begin(), names_.end(), name);
  const auto number = static_cast<size_t>(found - names_.begin());
  if (found == names_.end() && names_.size() < options_.max_names) names_.emplace_back(name);
  return number;
}

void SeriesRecorder::Add(const RunCounters& clocks, const Values& values) {
  MutexLock lock(&mu_);
  Entry entry{num_rows_++, 1, clocks, {}};
  for (const auto& [name, value] : values) {
    const auto number = NumberOf(name);
    const auto kept = static_cast<float>(value);
    if (number >= options_.max_names || !std::isfinite(kept)) continue;
    if (entry.summaries.size() <= number) entry.summaries.resize(number + 1);
    entry.summaries[number] = {kept, kept, kept};
  }
  tiers_[0].push_back(std::move(entry));
  Raise(0);
}

void SeriesRecorder::Raise(size_t tier) {
  std::deque<Entry>& entries = tiers_[tier];
  if (tier + 1 < tiers_.size() && num_rows_ % RowsOf(tier + 1) == 0) {
    const std::vector<Entry> newest(entries.end() - kTogether, entries.end());
    Entry together{newest.front().begin, RowsOf(tier + 1), newest.back().clocks, {}};
    size_t num_names = 0;
    for (const Entry& entry : newest) num_names = std::max(num_names, entry.summaries.size());
    for (size_t name = 0; name < num_names; ++name) together.summaries.push_back(Merge(newest, name));
    tiers_[tier + 1].push_back(std::move(together));
    Raise(tier + 1);
  }
  if (entries.size() > options_.rows_per_tier) entries.pop_front();
}

std::vector<const SeriesRecorder::Entry*> SeriesRecorder::Entries() const {
  std::vector<const Entry*> all;
  int64_t next = 0;  // The first row that is not in `all`, and not forgotten.
  for (size_t tier = tiers_.size(); tier-- > 0;) {
    const bool finest = tier == 0;
    const int64_t finer_from = finest || tiers_[tier - 1].empty() ? num_rows_ : tiers_[tier - 1].front().begin;
    for (const Entry& entry : tiers_[tier]) {
      if (entry.begin < next) continue;
      if (!finest && entry.begin >= finer_from) break;
      all.push_back(&entry);
      next = entry.begin + entry.rows;
    }
  }
  return all;
}

std::vector<std::string> SeriesRecorder::names() const {
  MutexLock lock(&mu_);
  return names_;
}

std::vector<SeriesPoint> SeriesRecorder::Read(absl::string_view name, const SeriesRange& range) const {
  MutexLock lock(&mu_);
  const auto number = static_cast<size_t>(std::find(names_.begin(), names_.end(), name) - names_.begin());
  std::vector<const Entry*> entries = Entries();
  std::erase_if(entries, [&](const Entry* entry) {
    const double x = XOf(*entry, range.axis);
    return x <= range.since || x > range.until || number >= entry->summaries.size() ||
           std::isnan(entry->summaries[number].mean);
  });
  if (entries.empty()) return {};
  Parts parts(XOf(*entries.front(), range.axis), XOf(*entries.back(), range.axis), range.max_points);
  for (const Entry* entry : entries) {
    const Summary& summary = entry->summaries[number];
    parts.Add(XOf(*entry, range.axis), summary.mean, summary.min, summary.max, static_cast<double>(entry->rows));
  }
  return parts.Take();
}

}  // namespace recbots
