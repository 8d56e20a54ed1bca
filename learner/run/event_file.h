// Event files, which TensorBoard reads: numbers over updates, texts, histograms and pictures.
//
// A file is a sequence of records: the length of the data (8 bytes), a checksum of these 8 bytes, the data
// (EventRecord, proto/recbots/v1/event_file.proto), a checksum of the data; numbers are little-endian, and checksums
// CRC-32C, turned by 15 bits and raised by a constant (the framing of TensorFlow's record files).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "common/base/file_writer.h"
#include "learner/run/png.h"
#include "recbots/v1/event_file.pb.h"

namespace recbots {

// The bytes of one record.
std::string FrameEvent(const v1::EventRecord& event);

// Not thread-safe.
class EventFile {
 public:
  using Numbers = std::vector<std::pair<std::string, double>>;

  // Makes a file of its own in `folder`, which is made if it is missing: a run that goes on adds a file, and
  // TensorBoard reads all of them as one run. `now` is a date. Errors are those of LineFile::Create.
  static absl::StatusOr<std::unique_ptr<EventFile>> Create(const std::string& folder, absl::Time now);

  // Appends numbers by name, those that are not finite left out. Readers see them at once. After an error the file
  // holds the records before.
  absl::Status AddNumbers(int64_t updates, absl::Time now, const Numbers& numbers);
  // Appends a text, which TensorBoard shows as Markdown.
  absl::Status AddText(int64_t updates, absl::Time now, absl::string_view name, absl::string_view text);
  // Appends how the numbers of each name are distributed, in 40 equal parts between the least and the greatest; those
  // that are not finite, and names without any, are left out.
  absl::Status AddHistograms(int64_t updates, absl::Time now,
                             const std::vector<std::pair<std::string, absl::Span<const float>>>& numbers);
  // Appends a picture, which TensorBoard shows at these updates.
  absl::Status AddPicture(int64_t updates, absl::Time now, absl::string_view name, const Picture& picture);

 private:
  explicit EventFile(std::unique_ptr<LineFile> file) : file_(std::move(file)) {}

  std::unique_ptr<LineFile> file_;
};

}  // namespace recbots
