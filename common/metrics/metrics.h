// The metrics of one process: a thin typed layer over prometheus-cpp. Every name is declared in metric_names.h. Any
// thread may set values, without a lock; looking up a series takes a lock, so keep the reference.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "common/base/instant.h"
#include "common/metrics/metric_names.h"

namespace recbots {

// Thread-safe. References stay valid as long as the Metrics lives. No exception leaves it: a name that metric_names.h
// does not list, or lists with another type, fails a RECBOTS_CHECK before prometheus-cpp can throw.
class Metrics {
 public:
  // Creates at 0, so that a rate has a beginning, every series without a label that belongs to every process or to one
  // of `roles` ("learner"; an empty list means all roles). A series with a label is created when it is first asked for,
  // a histogram at its first call, which has its bounds.
  explicit Metrics(const std::vector<std::string>& roles = {});

  // The series of `metric` with these values of its labels ("" for a label that it lacks); created if it does not
  // exist.
  prometheus::Counter& counter(const MetricDescription& metric, const std::string& label_value = "",
                               const std::string& second_value = "");
  prometheus::Gauge& gauge(const MetricDescription& metric, const std::string& label_value = "",
                           const std::string& second_value = "");

  // `bounds` are the upper ends of the buckets, ascending; only those of the first call count.
  prometheus::Histogram& histogram(const MetricDescription& metric, const std::vector<double>& bounds);

  // From now on Text() also tells how full the disk of the folder at `path` is; `name` is the label. A disk that cannot
  // be asked keeps the numbers it had, which begin at 0. Before other threads call Text().
  void WatchDisk(const std::string& name, const std::string& path);

  // The Prometheus text exposition format, version 0.0.4.
  std::string Text() const;

 private:
  struct Disk {
    std::string path;
    prometheus::Gauge& total;
    prometheus::Gauge& free;
  };

  const std::shared_ptr<prometheus::Registry> registry_;
  const Instant start_;
  prometheus::Gauge* uptime_ = nullptr;  // Never null after construction; owned by the registry.
  std::vector<Disk> disks_;
};

// Raises a counter to a total that is kept elsewhere. A total below the counter changes nothing.
inline void RaiseTo(prometheus::Counter& counter, double total) {
  counter.Increment(std::max(0.0, total - counter.Value()));
}

}  // namespace recbots
