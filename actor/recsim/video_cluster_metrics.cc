#include "actor/recsim/video_cluster_metrics.h"

#include "absl/strings/str_cat.h"

namespace recbots {
namespace {

VideoFields FieldsOf(const EnvironmentSpec& spec) {
  const VideoFields fields = {.click = spec.FindResponseField("click"),
                              .quality = spec.FindResponseField("quality"),
                              .cluster_id = spec.FindResponseField("cluster_id"),
                              .num_fields = static_cast<int>(spec.response_fields.size()),
                              .num_clusters = spec.num_clusters};
  RECBOTS_CHECK(fields.click >= 0 && fields.quality >= 0 && fields.cluster_id >= 0 && fields.num_clusters >= 1)
      << spec.name << ": video metrics need response fields click, quality and cluster_id, and clusters";
  return fields;
}

class VideoClusterMetrics final : public ScenarioMetrics {
 public:
  explicit VideoClusterMetrics(const EnvironmentSpec& spec) : fields_(FieldsOf(spec)), slate_size_(spec.slate_size) {
    counters_ = {"impression", "click", "quality", "cluster_watch_count_no_click"};
    ratios_ = {{"CTR", VideoCounter::kClick, VideoCounter::kImpression},
               {"AverageQuality", VideoCounter::kQuality, VideoCounter::kClick}};
    for (int cluster = 0; cluster < fields_.num_clusters; ++cluster) {
      counters_.push_back(absl::StrCat("cluster_watch_count_cluster_", cluster));
      ratios_.push_back({absl::StrCat("cluster_watch_count_frac/cluster_", cluster),
                         VideoCounter::kFirstCluster + cluster, VideoCounter::kImpression});
    }
    ratios_.push_back({"cluster_watch_count_frac/no_click", VideoCounter::kNoClick, VideoCounter::kImpression});
  }

  const std::vector<std::string>& counters() const override { return counters_; }
  const std::vector<RatioMetric>& ratios() const override { return ratios_; }

  void Count(const int32_t* slate, const float* response, double* sums) const override {
    int size = 0;
    while (size < slate_size_ && slate[size] != kNoItem) ++size;
    CountVideoStep(fields_, response, size, sums);
  }

 private:
  const VideoFields fields_;
  const int slate_size_;
  std::vector<std::string> counters_;
  std::vector<RatioMetric> ratios_;
};

}  // namespace

std::unique_ptr<ScenarioMetrics> MakeVideoClusterMetrics(const EnvironmentSpec& spec) {
  return std::make_unique<VideoClusterMetrics>(spec);
}

}  // namespace recbots
