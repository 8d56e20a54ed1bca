#include "common/metrics/metrics.h"

#include <prometheus/text_serializer.h>

#include <algorithm>
#include <sstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/disk_space.h"
#include "common/base/instant.h"
#include "common/base/log.h"
#include "common/base/version.h"

namespace recbots {
namespace {

// A metric must be in the list with its type: otherwise it would not be documented either.
void CheckDeclared(const MetricDescription& metric, MetricType type) {
  const bool declared = std::any_of(metric::kAll.begin(), metric::kAll.end(), [&](const MetricDescription& known) {
    return absl::string_view(known.name) == metric.name && known.type == type && metric.type == type;
  });
  RECBOTS_CHECK(declared) << metric.name << " is not of this type in metric_names.h";
}

void AddLabel(const MetricDescription& metric, const char* label, const std::string& value,
              prometheus::Labels& labels) {
  const bool has_label = *label != '\0';
  RECBOTS_CHECK(has_label != value.empty()) << metric.name << " label '" << label << "' value '" << value << "'";
  if (has_label) labels.emplace(label, value);
}

prometheus::Labels LabelsOf(const MetricDescription& metric, const std::string& value,
                            const std::string& second_value) {
  prometheus::Labels labels;
  AddLabel(metric, metric.label, value, labels);
  AddLabel(metric, metric.second_label, second_value, labels);
  return labels;
}

// recbots_build_info and recbots_process_* belong to every process, recbots_<role>_* to the role in the name.
bool BelongsTo(const MetricDescription& metric, const std::vector<std::string>& roles) {
  const absl::string_view name = metric.name;
  if (roles.empty() || absl::StartsWith(name, "recbots_process_")) return true;
  return std::any_of(roles.begin(), roles.end(), [name](const std::string& role) {
    return absl::StartsWith(name, absl::StrCat("recbots_", role, "_"));
  });
}

}  // namespace

Metrics::Metrics(const std::vector<std::string>& roles)
    : registry_(std::make_shared<prometheus::Registry>()), start_(Instant::Now()) {
  for (const MetricDescription& metric : metric::kAll) {
    if (*metric.label != '\0' || !BelongsTo(metric, roles)) continue;
    if (metric.type == MetricType::kCounter) counter(metric);
    if (metric.type == MetricType::kGauge) gauge(metric);
  }
  gauge(metric::kBuildInfo, kVersion).Set(1);
  uptime_ = &gauge(metric::kUptime);
}

prometheus::Counter& Metrics::counter(const MetricDescription& metric, const std::string& label_value,
                                      const std::string& second_value) {
  CheckDeclared(metric, MetricType::kCounter);
  return prometheus::BuildCounter()
      .Name(metric.name)
      .Help(metric.help)
      .Register(*registry_)
      .Add(LabelsOf(metric, label_value, second_value));
}

prometheus::Gauge& Metrics::gauge(const MetricDescription& metric, const std::string& label_value,
                                  const std::string& second_value) {
  CheckDeclared(metric, MetricType::kGauge);
  return prometheus::BuildGauge()
      .Name(metric.name)
      .Help(metric.help)
      .Register(*registry_)
      .Add(LabelsOf(metric, label_value, second_value));
}

prometheus::Histogram& Metrics::histogram(const MetricDescription& metric, const std::vector<double>& bounds) {
  CheckDeclared(metric, MetricType::kHistogram);
  RECBOTS_CHECK(std::is_sorted(bounds.begin(), bounds.end())) << metric.name << " has bounds out of order";
  return prometheus::BuildHistogram()
      .Name(metric.name)
      .Help(metric.help)
      .Register(*registry_)
      .Add(LabelsOf(metric, "", ""), bounds);
}

void Metrics::WatchDisk(const std::string& name, const std::string& path) {
  disks_.push_back({path, gauge(metric::kDiskBytes, name), gauge(metric::kDiskFreeBytes, name)});
}

std::string Metrics::Text() const {
  for (const Disk& disk : disks_) {
    const absl::StatusOr<DiskSpace> space = DiskSpaceOf(disk.path);
    if (!space.ok()) continue;
    disk.total.Set(static_cast<double>(space->total_bytes));
    disk.free.Set(static_cast<double>(space->free_bytes));
  }
  uptime_->Set(absl::ToDoubleSeconds(Instant::Now() - start_));
  std::ostringstream text;
  prometheus::TextSerializer().Serialize(text, registry_->Collect());
  return text.str();
}

}  // namespace recbots
