#include "replay/checkpoint/checkpoint_writer.h"

#include <fcntl.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/instant.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "common/base/version.h"
#include "replay/checkpoint/block_file.h"
#include "replay/checkpoint/checkpoint_directory.h"
#include "replay/checkpoint/file_names.h"
#include "replay/checkpoint/manifest.h"

namespace recbots::replay {
namespace {

// This many files wait for the disk together; few enough for any limit on open files, and to stop soon.
constexpr size_t kMaxUnsynced = 16;
// Bytes between two calls of Options::pace.
constexpr int64_t kPiece = int64_t{1} << 20;

// Whether the file already holds these bytes. An equal CRC alone would prove nothing.
bool Holds(const Folder& folder, const v1::CheckpointFile& expected, const BlockFileHeader& header,
           absl::string_view content) {
  if (expected.bytes() != static_cast<int64_t>(content.size()) || expected.crc32c() != header.crc32c) return false;
  const absl::StatusOr<BlockFile> file = BlockFile::Open(folder, expected);
  if (!file.ok()) return false;
  std::vector<char> block(static_cast<size_t>(kBlockBytes));
  for (int64_t i = 0; i < file->num_blocks(); ++i) {
    if (!file->Read(i, 1, block.data()).ok()) return false;
    const auto length = static_cast<size_t>(file->block_bytes(i));
    if (std::memcmp(block.data(), content.data() + i * kBlockBytes, length) != 0) return false;
  }
  return true;
}

// Whether two manifests describe the same store in the same files, so that one may stand for the other.
bool SameContent(const v1::CheckpointManifest& a, const v1::CheckpointManifest& b) {
  const auto same = [](const v1::CheckpointTable& left, const v1::CheckpointTable& right) {
    return left.SerializeAsString() == right.SerializeAsString();
  };
  return a.store_id() == b.store_id() && a.tables_size() == b.tables_size() &&
         std::equal(a.tables().begin(), a.tables().end(), b.tables().begin(), same);
}

int64_t NumSegments(int64_t bytes) { return (bytes + Slab::kSegmentBytes - 1) / Slab::kSegmentBytes; }

}  // namespace

CheckpointWriter::CheckpointWriter(Folder* folder, Store* store, Options options, v1::CheckpointManifest restored,
                                   int64_t highest_sequence, std::set<int64_t> refused)
    : folder_(folder),
      store_(store),
      options_(std::move(options)),
      refused_(std::move(refused)),
      newest_(std::move(restored)),
      last_sequence_(std::max(newest_.sequence(), highest_sequence)) {}

absl::StatusOr<CheckpointReport> CheckpointWriter::Write() {
  const Instant start = Instant::Now();
  CheckpointReport report;
  ++last_sequence_;
  bytes_written_ = 0;
  cut_ = store_->Freeze(frozen_);
  report.pause = cut_.pause;
  const absl::Status status = WriteCut();
  for (Table* const table : cut_.tables) table->EndCut(status.ok());
  unsynced_.clear();
  if (!status.ok()) {
    RemoveWritten();
    return status;
  }
  written_.clear();
  for (size_t i = 0; i < frozen_.size(); ++i) cut_.tables[i]->SetDurable(frozen_[i].header);
  if (bytes_written_ > 0) DeleteUnused();
  report.sequence = newest_.sequence();
  report.bytes_written = bytes_written_;
  report.took = Instant::Now() - start;
  return report;
}

absl::Status CheckpointWriter::WriteCut() {
  if (cut_.tables.empty()) return absl::OkStatus();
  manifest_.Clear();
  manifest_.set_format(kManifestFormat);
  manifest_.set_sequence(last_sequence_);
  manifest_.set_store_id(store_->id());
  manifest_.set_version(absl::StrCat("recbots ", kVersion));
  // Writes rows first, because this frees the copies that inserts had to make.
  for (size_t i = 0; i < frozen_.size(); ++i) {
    *manifest_.add_tables()->mutable_frozen() = frozen_[i].header;
    RECBOTS_RETURN_IF_ERROR(WriteSegments(i, *manifest_.mutable_tables(static_cast<int>(i))));
  }
  for (size_t i = 0; i < frozen_.size(); ++i) {
    RECBOTS_RETURN_IF_ERROR(WriteArrays(i, *manifest_.mutable_tables(static_cast<int>(i))));
  }
  if (written_.empty() && SameContent(manifest_, newest_)) return absl::OkStatus();
  RECBOTS_RETURN_IF_ERROR(SyncFiles());
  manifest_.set_written_unix_micros(absl::ToUnixMicros(absl::Now()));
  RECBOTS_RETURN_IF_ERROR(WriteManifest());
  newest_.Swap(&manifest_);
  return absl::OkStatus();
}

absl::Status CheckpointWriter::WriteSegments(size_t index, v1::CheckpointTable& out) {
  Table& table = *cut_.tables[index];
  const int64_t bytes = out.frozen().used_slots() * static_cast<int64_t>(table.schema().row_bytes());
  const v1::CheckpointTable* const known = Newest(out.frozen().name());
  const std::vector<int64_t> dirty = table.dirty_segments();
  size_t next_dirty = 0;
  for (int64_t i = 0; i < NumSegments(bytes); ++i) {
    const v1::CheckpointFile* const before =
        known != nullptr && i < known->segments_size() ? &known->segments(static_cast<int>(i)) : nullptr;
    if (next_dirty < dirty.size() && dirty[next_dirty] == i) {
      ++next_dirty;
      RECBOTS_ASSIGN_OR_RETURN(*out.add_segments(), WriteSegment(index, i, before));
      continue;
    }
    const int64_t want = std::min(Slab::kSegmentBytes, bytes - i * Slab::kSegmentBytes);
    RECBOTS_CHECK(before != nullptr && before->bytes() == want)
        << "segment " << i << " of table " << table.name() << " is in no checkpoint and not dirty";
    *out.add_segments() = *before;
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::CheckpointFile> CheckpointWriter::WriteSegment(size_t index, int64_t segment,
                                                                  const v1::CheckpointFile* known) {
  buffer_.resize(static_cast<size_t>(Slab::kSegmentBytes));
  const int64_t bytes = cut_.tables[index]->ReadSegment(segment, buffer_.data());
  const absl::string_view content(buffer_.data(), static_cast<size_t>(bytes));
  const BlockFileHeader header = MakeBlockFileHeader(content);
  if (known != nullptr && Holds(*folder_, *known, header, content)) {
    return *known;
  }
  v1::CheckpointFile file;
  file.set_name(SegmentName(static_cast<int64_t>(index), segment, last_sequence_, header.crc32c));
  file.set_bytes(bytes);
  file.set_crc32c(header.crc32c);
  RECBOTS_RETURN_IF_ERROR(WriteFile(file.name(), {header.bytes, content}));
  return file;
}

absl::Status CheckpointWriter::WriteArrays(size_t index, v1::CheckpointTable& out) {
  const std::vector<char>& arrays = frozen_[index].arrays;
  const int64_t bytes = ArraysBytes(out.frozen());
  RECBOTS_CHECK(bytes >= 0 && bytes <= static_cast<int64_t>(arrays.size())) << bytes << " bytes of arrays";
  const absl::string_view content(arrays.data(), static_cast<size_t>(bytes));
  const BlockFileHeader header = MakeBlockFileHeader(content);
  const v1::CheckpointTable* const known = Newest(out.frozen().name());
  if (known != nullptr && Holds(*folder_, known->arrays(), header, content)) {
    *out.mutable_arrays() = known->arrays();
    return absl::OkStatus();
  }
  v1::CheckpointFile& file = *out.mutable_arrays();
  file.set_name(ArraysName(static_cast<int64_t>(index), last_sequence_, header.crc32c));
  file.set_bytes(bytes);
  file.set_crc32c(header.crc32c);
  return WriteFile(file.name(), {header.bytes, content});
}

absl::Status CheckpointWriter::WriteFile(const std::string& name, std::vector<absl::string_view> parts) {
  RECBOTS_ASSIGN_OR_RETURN(FileDescriptor file, folder_->CreateFile(name));
  written_.push_back(name);
  for (absl::string_view rest : parts) {
    while (!rest.empty()) {
      const absl::string_view piece = rest.substr(0, kPiece);
      RECBOTS_RETURN_IF_ERROR(folder_->Write(file, name, piece));
      rest.remove_prefix(piece.size());
      bytes_written_ += static_cast<int64_t>(piece.size());
      if (!options_.pace(static_cast<int64_t>(piece.size()))) return absl::CancelledError("the checkpointer stops");
    }
  }
  // Starts writing to the disk, so that the wait at the end is short. An error shows in that wait.
  (void)sync_file_range(file.get(), 0, 0, SYNC_FILE_RANGE_WRITE);
  unsynced_.emplace_back(std::move(file), name);
  return unsynced_.size() < kMaxUnsynced ? absl::OkStatus() : SyncFiles();
}

absl::Status CheckpointWriter::SyncFiles() {
  for (const auto& [file, name] : unsynced_) {
    RECBOTS_RETURN_IF_ERROR(folder_->Sync(file, name));
    if (!options_.pace(0)) return absl::CancelledError("the checkpointer stops");
  }
  unsynced_.clear();
  return absl::OkStatus();
}

absl::Status CheckpointWriter::WriteManifest() {
  const std::string bytes = EncodeManifest(manifest_);
  if (static_cast<int64_t>(bytes.size()) > kMaxManifestBytes) {
    return absl::ResourceExhaustedError(
        absl::StrCat("the manifest has ", bytes.size(), " bytes, want at most ", kMaxManifestBytes));
  }
  const std::string partial = PartialManifestName(last_sequence_);
  RECBOTS_RETURN_IF_ERROR(WriteFile(partial, {bytes}));
  RECBOTS_RETURN_IF_ERROR(SyncFiles());
  RECBOTS_RETURN_IF_ERROR(folder_->Rename(partial, ManifestName(last_sequence_)));
  written_.back() = ManifestName(last_sequence_);
  return folder_->SyncNames();
}

void CheckpointWriter::RemoveWritten() {
  // Removes the files in reverse order. A manifest was written last and goes first, as it must not outlive the files
  // that it names.
  while (!written_.empty()) {
    const absl::Status removed = folder_->Remove(written_.back());
    if (!removed.ok()) RECBOTS_LOG(WARNING) << "left behind by a checkpoint that failed" << Field("error", removed);
    if (!removed.ok() && written_.back() == ManifestName(last_sequence_)) break;
    written_.pop_back();
  }
  written_.clear();
}

void CheckpointWriter::DeleteUnused() {
  const absl::StatusOr<int64_t> deleted = replay::DeleteUnused(*folder_, options_.keep, refused_);
  if (!deleted.ok()) RECBOTS_LOG(WARNING) << "old checkpoints stay" << Field("error", deleted.status());
}

const v1::CheckpointTable* CheckpointWriter::Newest(const std::string& table) const {
  for (const v1::CheckpointTable& saved : newest_.tables()) {
    if (saved.frozen().name() == table) return &saved;
  }
  return nullptr;
}

}  // namespace recbots::replay
