#include "deploy/cli/bench/replay/meter.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>

#include "absl/time/clock.h"
#include "common/base/instant.h"
#include "common/base/log.h"

namespace recbots::replay_bench {
namespace {

// A window lasts until there is something to measure, at most this long.
constexpr absl::Duration kPatience = absl::Seconds(30);

// The value with that share of the others at or below it; 0 of nothing.
double Quantile(const std::vector<double>& sorted, double quantile) {
  if (sorted.empty()) return 0;
  const auto rank = static_cast<size_t>(std::ceil(quantile * static_cast<double>(sorted.size())));
  return sorted[std::clamp<size_t>(rank, 1, sorted.size()) - 1];
}

}  // namespace

Figure FigureOf(std::vector<double> values) {
  RECBOTS_CHECK(!values.empty()) << "a figure of no values";
  const auto [lowest, highest] = std::minmax_element(values.begin(), values.end());
  const double low = *lowest, high = *highest;
  return {Median(std::move(values)), low, high};
}

Meter::Window Meter::Read() const {
  Window now;
  now.seconds = absl::ToDoubleSeconds(Instant::Now().since_beginning());
  now.server_seconds = server_ > 0 ? CpuSeconds(server_) : 0;
  now.client_seconds = CpuSeconds(getpid());
  now.other_seconds = other_ > 0 ? CpuSeconds(other_) : 0;
  now.wire_bytes = static_cast<double>(LoopbackBytes());
  now.server_switches = server_ > 0 ? static_cast<double>(VoluntarySwitches(server_)) : 0;
  for (const auto& counter : counters_) now.counts.push_back(counter());
  return now;
}

Meter::Window Meter::Measure() {
  if (log_ != nullptr) log_->TakeAll();
  const Window before = Read();
  Window window;
  const Instant give_up = Instant::Now() + kPatience;
  do {
    absl::SleepFor(options_.window);
    window = Read();
  } while (window.counts[0] <= before.counts[0] && Instant::Now() < give_up);
  if (log_ != nullptr) window.latencies = log_->TakeAll();
  std::sort(window.latencies.begin(), window.latencies.end());
  for (const auto member : {&Window::seconds, &Window::server_seconds, &Window::client_seconds, &Window::other_seconds,
                            &Window::wire_bytes, &Window::server_switches}) {
    window.*member -= before.*member;
  }
  for (size_t i = 0; i < counters_.size(); ++i) window.counts[i] -= before.counts[i];
  return window;
}

void Meter::Run() {
  Measure();
  load_ = ForeignLoad(server_, other_);
  for (int i = 0; i < options_.windows; ++i) windows_.push_back(Measure());
  disturbed_ = load_.disturbed();
}

Figure Meter::Rate(size_t i) const {
  std::vector<double> rates;
  for (const Window& window : windows_) rates.push_back(window.counts[i] / window.seconds);
  return FigureOf(std::move(rates));
}

Figure Meter::PerThing(double Window::*what, double unit) const {
  std::vector<double> values;
  for (const Window& window : windows_) values.push_back(unit * window.*what / std::max(1.0, window.counts[0]));
  return FigureOf(std::move(values));
}

double Meter::cores_used() const {
  double cpu = 0, wall = 0;
  for (const Window& window : windows_) {
    cpu += window.server_seconds + window.client_seconds + window.other_seconds;
    wall += window.seconds;
  }
  return cpu / wall;
}

Figure Meter::Latency(double quantile) const {
  std::vector<double> values;
  for (const Window& window : windows_) values.push_back(Quantile(window.latencies, quantile));
  return FigureOf(std::move(values));
}

double Meter::LatencyOfAll(double quantile) const {
  std::vector<double> all;
  for (const Window& window : windows_) all.insert(all.end(), window.latencies.begin(), window.latencies.end());
  std::sort(all.begin(), all.end());
  return Quantile(all, quantile);
}

void Report::Add(const std::string& metric, const Figure& figure, const std::string& unit, bool higher_is_better) {
  lines_.push_back({bench_, metric, figure.value, unit, higher_is_better, figure.lowest, figure.highest});
}

void Report::Add(const std::string& metric, double value, const std::string& unit, bool higher_is_better) {
  lines_.push_back({bench_, metric, value, unit, higher_is_better});
}

void Report::MoveTo(std::vector<BenchResult>& results) {
  for (BenchResult& line : lines_) {
    line.disturbed = disturbed_;
    line.cores_used = cores_used_;
    results.push_back(std::move(line));
  }
  lines_.clear();
}

}  // namespace recbots::replay_bench
