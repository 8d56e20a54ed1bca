// The metrics of one process: a thin typed layer over prometheus-cpp. Every name is declared in metric_names.h, and its
// series exist from construction on. Values are set from any thread.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "common/metrics/metric_names.h"

namespace recbots {

// Thread-safe. References stay valid as long as the Metrics. No exceptions leave (prometheus-cpp's are checked away: a
// name that is not in metric_names.h, or of another type there, is a broken invariant of ours).
class Metrics {
 public:
  Metrics();

  prometheus::Counter& counter(const MetricDescription& metric, const std::string& label_value = "");
  prometheus::Gauge& gauge(const MetricDescription& metric, const std::string& label_value = "");
  prometheus::Histogram& histogram(const MetricDescription& metric, const std::vector<double>& bounds);

  // The Prometheus text exposition format, version 0.0.4.
  std::string Text() const;

 private:
  std::shared_ptr<prometheus::Registry> registry_;
};

}  // namespace recbots
