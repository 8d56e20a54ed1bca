// Windows of time over things that run by themselves: rates, processor time per thing, latencies.
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
  // `server`: the process whose time counts as the server's; this one is the client. `other`: a third process that is
  // ours; 0: there is none.
  Meter(const BenchOptions& options, pid_t server, pid_t other = 0)
      : options_(options), server_(server), other_(other), load_(server, other) {}

  // Before Run. Counters only grow; what is logged outside of windows is dropped. The first counter is what processor
  // time is divided by.
  void Count(std::function<double()> counter) { counters_.push_back(std::move(counter)); }
  void Watch(LatencyLog* log) { log_ = log; }

  // One window that does not count, then those that do.
  void Run();

  // Of counter i, per second.
  Figure Rate(size_t i) const;
  // Microseconds of processor time for each thing that the first counter counts.
  Figure ServerMicros() const { return PerThing(&Window::server_seconds, 1e6); }
  Figure ClientMicros() const { return PerThing(&Window::client_seconds, 1e6); }
  // Bytes over loopback and voluntary waits of the server for each.
  Figure WireBytes() const { return PerThing(&Window::wire_bytes, 1); }
  Figure ServerSwitches() const { return PerThing(&Window::server_switches, 1); }
  // Quantile of what was logged, in seconds: of each window, or of all windows together.
  Figure Latency(double quantile) const;
  double LatencyOfAll(double quantile) const;
  bool disturbed() const { return disturbed_; }
  // Processor time of all our processes in a second of the windows.
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

  // What all clocks and counters show now.
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

// The lines of one case, all with its name.
class Report {
 public:
  explicit Report(std::string bench) : bench_(std::move(bench)) {}

  void Add(const std::string& metric, const Figure& figure, const std::string& unit, bool higher_is_better);
  void Add(const std::string& metric, double value, const std::string& unit, bool higher_is_better);
  void set_disturbed(bool disturbed) { disturbed_ = disturbed; }
  void set_cores_used(double cores) { cores_used_ = cores; }
  // Appends them to `results`.
  void MoveTo(std::vector<BenchResult>& results);

 private:
  const std::string bench_;
  bool disturbed_ = false;
  std::optional<double> cores_used_;
  std::vector<BenchResult> lines_;
};

}  // namespace recbots::replay_bench
