#include "common/log/text_lines.h"

#include <cstring>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/status_macros.h"

namespace recbots {

absl::StatusOr<bool> TextLines::Next(absl::string_view& line) {
  size_t looked = begin_;  // There is no line end before.
  while (true) {
    const auto* const found = static_cast<const char*>(std::memchr(buffer_.data() + looked, '\n', end_ - looked));
    if (found != nullptr || (ended_ && begin_ < end_)) {
      const size_t stop = found != nullptr ? static_cast<size_t>(found - buffer_.data()) : end_;
      line = absl::string_view(buffer_.data() + begin_, stop - begin_);
      begin_ = found != nullptr ? stop + 1 : end_;
      if (++number_ == 1) absl::ConsumePrefix(&line, "\xef\xbb\xbf");
      absl::ConsumeSuffix(&line, "\r");
      return true;
    }
    if (ended_) return false;
    const size_t waiting = end_ - begin_;
    if (waiting > kMaxLineBytes) {
      return absl::InvalidArgumentError(
          absl::StrCat("line ", number_ + 1, " has more than ", kMaxLineBytes, " bytes: is this a log of text lines?"));
    }
    RECBOTS_RETURN_IF_ERROR(Fill());
    looked = begin_ + waiting;
  }
}

absl::Status TextLines::Fill() {
  if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (end_ == buffer_.size()) buffer_.resize(2 * buffer_.size());
  RECBOTS_ASSIGN_OR_RETURN(const size_t count, stream_->Read(buffer_.data() + end_, buffer_.size() - end_));
  end_ += count;
  ended_ = count == 0;
  return absl::OkStatus();
}

}  // namespace recbots
