// Measures, in windows of time, things that run by themselves: rates, processor time per thing, latencies.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "deploy/cli/bench/bench.h"
#include "deploy/cli/bench/replay/latency_log.h"
#include "deploy/cli/bench/replay/process_usage.h"

namespace recbots::replay_bench {

// Median, lowest and highest of the windows.
struct Figure {
  double value = 0;
  double lowest = 0;
  double highest = 0;
};
Figure FigureOf(std::vector<double> values);

// Not thread-safe.
class Meter {
 public:
  // `server` is the process whose time counts as the server's; this process is the client. `other` is a third process
  // of ours, or 0.
  Meter(const BenchOptions& options, pid_t server, pid_t other = 0)
      : options_(options), server_(server), other_(other), load_(server, other) {}

  // Call these before Run. Counters only grow; latencies logged outside of windows are dropped. Processor time is
  // divided by the first counter.
  void Count(std::function<double()> counter) { counters_.push_back(std::move(counter)); }
  void Watch(LatencyLog* log) { log_ = log; }

  // Runs one window that does not count, then the windows that count.
  void Run();

  // The rate of counter i, per second.
  Figure Rate(size_t i) const;
  // Microseconds of processor time per thing that the first counter counts.
  Figure ServerMicros() const { return PerThing(&Window::server_seconds, 1e6); }
  Figure ClientMicros() const { return PerThing(&Window::client_seconds, 1e6); }
  // Bytes over loopback, and voluntary waits of the server, per such thing.
  Figure WireBytes() const { return PerThing(&Window::wire_bytes, 1); }
  Figure ServerSwitches() const { return PerThing(&Window::server_switches, 1); }
  // A quantile of the latencies in seconds, for each window, or for all windows together.
  Figure Latency(double quantile) const;
  double LatencyOfAll(double quantile) const;
  bool disturbed() const { return disturbed_; }
  // Processor time of all our processes per second of the windows.
  double cores_used() const;

 private:
  struct Window {
    double seconds = 0;
    double server_seconds = 0;
    double client_seconds = 0;
    double other_seconds = 0;
    double wire_bytes = 0;
    double server_switches = 0;
    std::vector<double> counts;
    std::vector<double> latencies;  // Sorted.
  };

  // Reads all clocks and counters.
  Window Read() const;
  Window Measure();
  Figure PerThing(double Window::*what, double unit) const;

  const BenchOptions options_;
  const pid_t server_;
  const pid_t other_;
  ForeignLoad load_;
  std::vector<std::function<double()>> counters_;
  LatencyLog* log_ = nullptr;
  std::vector<Window> windows_;
  bool disturbed_ = false;
};

// The results of one case, all with its name.
class Report {
 public:
  explicit Report(std::string bench) : bench_(std::move(bench)) {}

  void Add(const std::string& metric, const Figure& figure, const std::string& unit, bool higher_is_better);
  void Add(const std::string& metric, double value, const std::string& unit, bool higher_is_better);
  void set_disturbed(bool disturbed) { disturbed_ = disturbed; }
  void set_cores_used(double cores) { cores_used_ = cores; }
  // Moves the lines to the end of `results`.
  void MoveTo(std::vector<BenchResult>& results);

 private:
  const std::string bench_;
  bool disturbed_ = false;
  std::optional<double> cores_used_;
  std::vector<BenchResult> lines_;
};

}  // namespace recbots::replay_bench
