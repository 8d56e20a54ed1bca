#include "common/rl/catalogue.h"

#include <utility>

#include "absl/strings/str_format.h"
#include "common/base/crc32c.h"
#include "common/base/log.h"

namespace recbots {

Catalogue::Catalogue(std::vector<float> features, int num_features)
    : features_(std::move(features)), num_features_(num_features) {
  RECBOTS_CHECK(num_features_ >= 1 && features_.size() % static_cast<size_t>(num_features_) == 0)
      << features_.size() << " numbers, " << num_features_ << " features";
}

std::string Catalogue::version() const {
  const absl::string_view bytes(reinterpret_cast<const char*>(features_.data()), features_.size() * sizeof(float));
  return absl::StrFormat("%d items of %d features, crc32c %08x", num_items(), num_features_, Crc32c(bytes));
}

}  // namespace recbots
