// Dense numbers for the ids of a log, which are texts.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"

namespace recbots {

// Numbers are given in the order of first use: 0, 1, ... Texts are compared as they are: "7" and "07" are two ids.
// About 30 bytes for an id that is a whole number, 60 and its length for others; if names are kept, 8 more. At most
// 2^31 - 1 ids. Not thread-safe.
class StringIds {
 public:
  explicit StringIds(bool keep_names) : keep_names_(keep_names) {}

  int32_t Id(absl::string_view text);
  int32_t size() const { return size_; }
  // Only if names are kept.
  std::string Name(int32_t id) const;

 private:
  static constexpr size_t kBlockBytes = size_t{1} << 20;

  int32_t NewId(absl::string_view text);
  absl::string_view Keep(absl::string_view text);

  const bool keep_names_;
  int32_t size_ = 0;
  std::string last_;  // The same id often comes again at once.
  int32_t last_id_ = -1;
  absl::flat_hash_map<int64_t, int32_t> of_numbers_;
  absl::flat_hash_map<absl::string_view, int32_t> of_texts_;
  std::vector<std::string> names_;
  std::vector<std::unique_ptr<char[]>> blocks_;
  size_t used_ = kBlockBytes;  // Of the last block.
};

}  // namespace recbots
