#include "common/base/state_archive.h"

#include <cstring>

#include "absl/strings/str_cat.h"

namespace recbots {
namespace {

// In front of each part: the size of an element, the number of elements, and the length of the name, which follows.
struct PartHead {
  uint32_t size = 0;
  uint32_t name_bytes = 0;
  uint64_t count = 0;
};

template <typename... Parts>
absl::Status Refuse(absl::string_view name, const Parts&... why) {
  return absl::InvalidArgumentError(absl::StrCat("saved state: '", name, "' ", why...));
}

}  // namespace

bool StateArchive::Read(void* to, size_t bytes, absl::string_view name) {
  if (left_.size() < bytes) {
    Fail(Refuse(name, "is cut off: ", left_.size(), " bytes are left, want ", bytes));
    return false;
  }
  std::memcpy(to, left_.data(), bytes);
  left_.remove_prefix(bytes);
  return true;
}

bool StateArchive::Head(absl::string_view name, size_t size, uint64_t& count) {
  PartHead head{static_cast<uint32_t>(size), static_cast<uint32_t>(name.size()), count};
  if (!loading_) {
    bytes_.append(reinterpret_cast<const char*>(&head), sizeof(head));
    bytes_.append(name.data(), name.size());
    return true;
  }
  if (!Read(&head, sizeof(head), name)) return false;
  if (left_.size() < head.name_bytes || left_.substr(0, head.name_bytes) != name) {
    Fail(Refuse(name, "is wanted, there is '", left_.substr(0, std::min<size_t>(head.name_bytes, 100)), "'"));
    return false;
  }
  left_.remove_prefix(head.name_bytes);
  count = head.count;
  if (head.size == size) return true;
  Fail(Refuse(name, "has elements of ", head.size, " bytes, want ", size));
  return false;
}

void StateArchive::Piece(absl::string_view name, char* data, size_t count, size_t size) {
  if (!status_.ok()) return;
  uint64_t saved = count;
  if (!Head(name, size, saved)) return;
  if (saved != count) return Fail(Refuse(name, "has ", saved, " elements, want ", count));
  if (count == 0) return;
  if (loading_) {
    Read(data, count * size, name);
  } else {
    bytes_.append(data, count * size);
  }
}

void StateArchive::Text(absl::string_view name, std::string& text) {
  if (!status_.ok()) return;
  uint64_t size = text.size();
  if (!Head(name, 1, size)) return;
  if (!loading_) {
    bytes_ += text;
    return;
  }
  if (size > left_.size()) return Fail(Refuse(name, "is cut off: ", left_.size(), " bytes are left, want ", size));
  text.assign(left_.data(), size);
  left_.remove_prefix(size);
}

absl::Status StateArchive::Finish() const {
  if (!status_.ok() || left_.empty()) return status_;
  return absl::InvalidArgumentError(absl::StrCat("saved state: ", left_.size(), " bytes too many"));
}

}  // namespace recbots
