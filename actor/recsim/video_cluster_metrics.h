// The metrics of RecSim's video scenarios: click-through rate, quality of what is clicked, share of each cluster.
//
// Counters of a step of one user (an impression is a slate, not a document): impression; click, quality and
// cluster_watch_count_cluster_<id> of every clicked document; cluster_watch_count_no_click when nothing was clicked.
// Reported: CTR = click / impression, AverageQuality = quality / click, cluster_watch_count_frac/cluster_<id> and
// cluster_watch_count_frac/no_click, both over impressions. Unlike RecSim, which names a counter once it was seen, all
// are there from the start, at 0.
#pragma once

#include <memory>

#include "actor/recsim/scenario_metrics.h"
#include "common/base/log.h"
#include "common/rl/spec.h"

namespace recbots {

// Where a response, [R] numbers per document, has its fields.
struct VideoFields {
  int click = 0;
  int quality = 1;
  int cluster_id = 2;
  int num_fields = 3;    // R
  int num_clusters = 0;  // C
};

// Index of a counter; that of cluster c is kFirstCluster + c.
struct VideoCounter {
  static constexpr int kImpression = 0;
  static constexpr int kClick = 1;
  static constexpr int kQuality = 2;
  static constexpr int kNoClick = 3;
  static constexpr int kFirstCluster = 4;
};

// Adds one step to `sums` [4 + C]: the responses [size, R] to the documents shown. A clicked document's cluster is
// 0..C-1.
template <typename Number>
void CountVideoStep(const VideoFields& fields, const Number* response, int size, double* sums) {
  bool clicked = false;
  sums[VideoCounter::kImpression] += 1;
  for (int k = 0; k < size; ++k, response += fields.num_fields) {
    if (response[fields.click] == 0) continue;
    const auto cluster = static_cast<int>(response[fields.cluster_id]);
    RECBOTS_CHECK(cluster >= 0 && cluster < fields.num_clusters)
        << "cluster_id " << cluster << " of a clicked document, want 0.." << fields.num_clusters - 1;
    clicked = true;
    sums[VideoCounter::kClick] += 1;
    sums[VideoCounter::kQuality] += static_cast<double>(response[fields.quality]);
    sums[VideoCounter::kFirstCluster + cluster] += 1;
  }
  if (!clicked) sums[VideoCounter::kNoClick] += 1;
}

// Of a scenario with response fields click, quality and cluster_id and with clusters (spec.num_clusters >= 1); anything
// else stops the process.
std::unique_ptr<ScenarioMetrics> MakeVideoClusterMetrics(const EnvironmentSpec& spec);

}  // namespace recbots
