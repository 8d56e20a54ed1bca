#include "learner/run/event_file.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/crc32c.h"
#include "common/base/file.h"
#include "common/base/status_macros.h"

namespace recbots {
namespace {

constexpr char kFileVersion[] = "brain.Event:2";
constexpr int kParts = 40;       // Of a histogram.
constexpr int32_t kColours = 3;  // Of a picture: red, green and blue.
constexpr int32_t kStrings = 7;  // The type of a tensor of strings.

template <typename Number>
void Append(Number number, std::string& to) {
  static_assert(std::endian::native == std::endian::little);
  char bytes[sizeof(number)];
  std::memcpy(bytes, &number, sizeof(number));
  to.append(bytes, sizeof(bytes));
}

// A checksum of data that holds checksums itself would be weak: it is turned and raised.
uint32_t Masked(absl::string_view data) { return std::rotr(Crc32c(data), 15) + 0xa282ead8U; }

v1::EventRecord EventAt(int64_t updates, absl::Time now) {
  v1::EventRecord event;
  event.set_wall_time(absl::ToDoubleSeconds(now - absl::UnixEpoch()));
  event.set_step(updates);
  return event;
}

void Summarise(absl::Span<const float> numbers, v1::EventHistogram& histogram) {
  double least = std::numeric_limits<double>::infinity(), greatest = -least, sum = 0, squares = 0;
  for (const float number : numbers) {
    if (!std::isfinite(number)) continue;
    const auto value = static_cast<double>(number);
    least = std::min(least, value);
    greatest = std::max(greatest, value);
    sum += value;
    squares += value * value;
  }
  if (!(least <= greatest)) return;
  std::array<double, kParts> counts{};
  const double width = greatest > least ? (greatest - least) / kParts : 1e-12;
  double num = 0;
  for (const float number : numbers) {
    if (!std::isfinite(number)) continue;
    const double part = (static_cast<double>(number) - least) / width;
    ++counts[std::min(static_cast<size_t>(part), counts.size() - 1)];
    ++num;
  }
  histogram.set_min(least);
  histogram.set_max(greatest);
  histogram.set_num(num);
  histogram.set_sum(sum);
  histogram.set_sum_squares(squares);
  for (size_t i = 0; i < counts.size(); ++i) {
    histogram.add_bucket_limit(i + 1 == counts.size() ? greatest : least + static_cast<double>(i + 1) * width);
    histogram.add_bucket(counts[i]);
  }
}

}  // namespace

std::string FrameEvent(const v1::EventRecord& event) {
  const std::string data = event.SerializeAsString();
  std::string record;
  Append(uint64_t{data.size()}, record);
  Append(Masked(record), record);
  record += data;
  Append(Masked(data), record);
  return record;
}

absl::StatusOr<std::unique_ptr<EventFile>> EventFile::Create(const std::string& folder, absl::Time now) {
  RECBOTS_RETURN_IF_ERROR(MakeFolder(folder));
  // Readers take the files of a folder in the order of their names.
  const std::string path =
      absl::StrFormat("%s/events.out.tfevents.%010d.recbots.%d", folder, absl::ToUnixSeconds(now), getpid());
  RECBOTS_ASSIGN_OR_RETURN(std::unique_ptr<LineFile> file, LineFile::Create(path));
  v1::EventRecord first = EventAt(0, now);
  first.set_file_version(kFileVersion);
  RECBOTS_RETURN_IF_ERROR(file->Append(FrameEvent(first)));
  return absl::WrapUnique(new EventFile(std::move(file)));
}

absl::Status EventFile::AddNumbers(int64_t updates, absl::Time now, const Numbers& numbers) {
  v1::EventRecord event = EventAt(updates, now);
  for (const auto& [name, number] : numbers) {
    if (!std::isfinite(number)) continue;
    v1::EventSummary::Value& value = *event.mutable_summary()->add_value();
    value.set_tag(name);
    value.set_simple_value(static_cast<float>(number));
  }
  return event.has_summary() ? file_->Append(FrameEvent(event)) : absl::OkStatus();
}

absl::Status EventFile::AddText(int64_t updates, absl::Time now, absl::string_view name, absl::string_view text) {
  v1::EventRecord event = EventAt(updates, now);
  v1::EventSummary::Value& value = *event.mutable_summary()->add_value();
  value.set_tag(std::string(name));
  value.mutable_plugin()->mutable_plugin_data()->set_plugin_name("text");
  value.mutable_tensor()->set_dtype(kStrings);
  value.mutable_tensor()->mutable_shape()->add_dimension()->set_size(1);
  value.mutable_tensor()->add_string_value(std::string(text));
  return file_->Append(FrameEvent(event));
}

absl::Status EventFile::AddHistograms(int64_t updates, absl::Time now,
                                      const std::vector<std::pair<std::string, absl::Span<const float>>>& numbers) {
  v1::EventRecord event = EventAt(updates, now);
  for (const auto& [name, values] : numbers) {
    v1::EventHistogram histogram;
    Summarise(values, histogram);
    if (histogram.num() == 0) continue;
    v1::EventSummary::Value& value = *event.mutable_summary()->add_value();
    value.set_tag(name);
    *value.mutable_histogram() = std::move(histogram);
  }
  return event.has_summary() ? file_->Append(FrameEvent(event)) : absl::OkStatus();
}

absl::Status EventFile::AddPicture(int64_t updates, absl::Time now, absl::string_view name, const Picture& picture) {
  v1::EventRecord event = EventAt(updates, now);
  v1::EventSummary::Value& value = *event.mutable_summary()->add_value();
  value.set_tag(std::string(name));
  value.mutable_image()->set_width(static_cast<int32_t>(picture.width));
  value.mutable_image()->set_height(static_cast<int32_t>(picture.height));
  value.mutable_image()->set_colorspace(kColours);
  value.mutable_image()->set_encoded_image_string(EncodePng(picture));
  return file_->Append(FrameEvent(event));
}

}  // namespace recbots
