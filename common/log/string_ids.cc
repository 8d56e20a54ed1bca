#include "common/log/string_ids.h"

#include <charconv>
#include <cstring>
#include <limits>
#include <optional>

#include "common/base/log.h"

namespace recbots {
namespace {

// The number that is written exactly like the text.
std::optional<int64_t> AsNumber(absl::string_view text) {
  if (text.empty() || text.size() > 18 || (text[0] == '0' && text.size() > 1)) return std::nullopt;
  int64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

}  // namespace

int32_t StringIds::Id(absl::string_view text) {
  if (last_id_ >= 0 && text == last_) return last_id_;
  if (const std::optional<int64_t> number = AsNumber(text)) {
    const auto [found, is_new] = of_numbers_.try_emplace(*number, size_);
    last_id_ = is_new ? NewId(text) : found->second;
  } else if (const auto known = of_texts_.find(text); known != of_texts_.end()) {
    last_id_ = known->second;
  } else {
    of_texts_.emplace(Keep(text), size_);
    last_id_ = NewId(text);
  }
  last_.assign(text.data(), text.size());
  return last_id_;
}

std::string StringIds::Name(int32_t id) const {
  RECBOTS_CHECK(keep_names_ && id >= 0 && id < size_) << "id " << id << " of " << size_;
  return names_[static_cast<size_t>(id)];
}

int32_t StringIds::NewId(absl::string_view text) {
  RECBOTS_CHECK(size_ < std::numeric_limits<int32_t>::max()) << "more than 2^31 - 1 ids";
  if (keep_names_) names_.emplace_back(text);
  return size_++;
}

absl::string_view StringIds::Keep(absl::string_view text) {
  const size_t size = text.size();
  if (size == 0) return {};
  if (size > kBlockBytes) {  // A block of its own, before the one that is being filled.
    auto block = std::make_unique<char[]>(size);
    std::memcpy(block.get(), text.data(), size);
    const absl::string_view kept(block.get(), size);
    blocks_.insert(blocks_.begin(), std::move(block));
    return kept;
  }
  if (used_ + size > kBlockBytes) {
    blocks_.push_back(std::make_unique<char[]>(kBlockBytes));
    used_ = 0;
  }
  char* const at = blocks_.back().get() + used_;
  std::memcpy(at, text.data(), size);
  used_ += size;
  return {at, size};
}

}  // namespace recbots
