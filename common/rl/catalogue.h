// A fixed catalogue: the items that every user is offered at every step (EnvironmentSpec::fixed_catalogue).
//
// Rows of experience name its items by their ids, which are their positions. The features of the items lie in the
// catalogue alone, so that a row costs the same for ten items as for a million.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace recbots {

// I items of D features. Immutable once it is made, so that threads may share it.
class Catalogue {
 public:
  // `features`: float32 [I, D], row i is item i; `num_features` D >= 1 divides its size.
  Catalogue(std::vector<float> features, int num_features);

  int num_items() const { return static_cast<int>(features_.size()) / num_features_; }
  int num_features() const { return num_features_; }
  const std::vector<float>& features() const { return features_; }

  // Which catalogue it is: "100 items of 20 features, crc32c 1a2b3c4d". Two that say the same are taken for the same
  // one; the checksum, CRC-32C of the features, changes with every change of an item.
  std::string version() const;

 private:
  std::vector<float> features_;
  int num_features_;
};

}  // namespace recbots
