// The metrics of one process: a thin typed layer over prometheus-cpp. Every name is declared in metric_names.h. Values
// are set from any thread, without locks; looking a series up takes one, so keep the reference.
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

// Thread-safe. References stay valid as long as the Metrics. No exceptions leave (prometheus-cpp's are checked away: a
// name that is not in metric_names.h, or of another type there, is a broken invariant of ours).
class Metrics {
 public:
  // Creates every series without a label of the roles named ("learner"; none: all roles) and of every process, at 0, so
  // that a rate has a beginning. Series with a label begin when they are asked for, histograms when their bounds are
  // told.
  explicit Metrics(const std::vector<std::string>& roles = {});

  // The series of `metric` with those values of its labels ("" where it has none); made where it is missing.
  prometheus::Counter& counter(const MetricDescription& metric, const std::string& label_value = "",
                               const std::string& second_value = "");
  prometheus::Gauge& gauge(const MetricDescription& metric, const std::string& label_value = "",
                           const std::string& second_value = "");

  // `bounds` are the upper ends of the buckets, ascending; they count at the first call.
  prometheus::Histogram& histogram(const MetricDescription& metric, const std::vector<double>& bounds);

  // The Prometheus text exposition format, version 0.0.4.
  std::string Text() const;

 private:
  const std::shared_ptr<prometheus::Registry> registry_;
  const Instant start_;
  prometheus::Gauge* uptime_ = nullptr;  // Never null after construction; owned by the registry.
};

// Raises a counter to a total that is kept elsewhere; one that is behind the counter changes nothing.
inline void RaiseTo(prometheus::Counter& counter, double total) {
  counter.Increment(std::max(0.0, total - counter.Value()));
}

}  // namespace recbots
