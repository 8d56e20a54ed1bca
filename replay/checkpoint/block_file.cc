#include "replay/checkpoint/block_file.h"

#include <sys/stat.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/crc32c.h"
#include "common/base/status_macros.h"

namespace recbots::replay {
namespace {

static_assert(std::endian::native == std::endian::little, "the format is little-endian");

constexpr uint32_t kVersion = 1;

// The first bytes of the file; one CRC-32C per block follows, then the content.
struct Prefix {
  char magic[8];
  uint32_t version;
  uint32_t block_bytes;
  int64_t bytes;           // Of the content.
  uint32_t crc32c;         // Of the content.
  uint32_t header_crc32c;  // Of all bytes before it, and of the CRCs behind it.
};
static_assert(sizeof(Prefix) == 32);

int64_t NumBlocks(int64_t bytes) { return (bytes + kBlockBytes - 1) / kBlockBytes; }

uint32_t HeaderCrc(const Prefix& prefix, const std::vector<uint32_t>& crcs) {
  const uint32_t crc = Crc32c({reinterpret_cast<const char*>(&prefix), sizeof(prefix) - sizeof(prefix.header_crc32c)});
  return Crc32c({reinterpret_cast<const char*>(crcs.data()), crcs.size() * sizeof(uint32_t)}, crc);
}

// Why the prefix does not fit; empty if it fits.
std::string WhyNot(const Prefix& prefix, int64_t file_bytes, const v1::CheckpointFile& expected) {
  if (std::memcmp(prefix.magic, kBlockFileMagic.data(), sizeof(prefix.magic)) != 0) {
    return absl::StrCat("does not begin with '", kBlockFileMagic, "'");
  }
  if (prefix.version != kVersion || prefix.block_bytes != kBlockBytes) {
    return absl::StrCat("is of version ", prefix.version, " with blocks of ", prefix.block_bytes, " bytes, want ",
                        kVersion, " and ", kBlockBytes);
  }
  if (prefix.bytes != expected.bytes()) {
    return absl::StrCat("says it holds ", prefix.bytes, " bytes, the manifest says ", expected.bytes());
  }
  const int64_t want = BlockFileHeaderBytes(prefix.bytes) + prefix.bytes;
  if (file_bytes != want) return absl::StrCat("is ", file_bytes, " bytes long, want ", want);
  if (prefix.crc32c != expected.crc32c()) {
    return absl::StrFormat("says its CRC is %08x, the manifest says %08x", prefix.crc32c, expected.crc32c());
  }
  return "";
}

}  // namespace

int64_t BlockFileHeaderBytes(int64_t content_bytes) {
  return static_cast<int64_t>(sizeof(Prefix)) + NumBlocks(content_bytes) * static_cast<int64_t>(sizeof(uint32_t));
}

BlockFileHeader MakeBlockFileHeader(absl::string_view content) {
  std::vector<uint32_t> crcs;
  uint32_t whole = 0;
  for (absl::string_view rest = content; !rest.empty();) {
    const absl::string_view block = rest.substr(0, kBlockBytes);
    crcs.push_back(Crc32c(block));
    whole = Crc32c(block, whole);  // The block is in the cache, so this pass is cheap.
    rest.remove_prefix(block.size());
  }
  Prefix prefix = {};
  std::memcpy(prefix.magic, kBlockFileMagic.data(), sizeof(prefix.magic));
  prefix.version = kVersion;
  prefix.block_bytes = kBlockBytes;
  prefix.bytes = static_cast<int64_t>(content.size());
  prefix.crc32c = whole;
  prefix.header_crc32c = HeaderCrc(prefix, crcs);
  BlockFileHeader header;
  header.bytes.assign(reinterpret_cast<const char*>(&prefix), sizeof(prefix));
  header.bytes.append(reinterpret_cast<const char*>(crcs.data()), crcs.size() * sizeof(uint32_t));
  header.crc32c = whole;
  return header;
}

absl::StatusOr<BlockFile> BlockFile::Open(const Folder& folder, const v1::CheckpointFile& expected) {
  RECBOTS_ASSIGN_OR_RETURN(FileDescriptor file, folder.OpenFile(expected.name()));
  return Open(std::move(file), folder.PathOf(expected.name()), expected);
}

absl::StatusOr<BlockFile> BlockFile::Open(FileDescriptor file, std::string path, const v1::CheckpointFile& expected) {
  struct stat info = {};
  if (fstat(file.get(), &info) != 0) return absl::UnavailableError(absl::StrCat("cannot look at '", path, "'"));
  if (expected.bytes() < 0 || expected.bytes() > kMaxBlockFileBytes) {
    return absl::DataLossError(
        absl::StrCat("'", path, "': ", expected.bytes(), " bytes in the manifest, want 0..", kMaxBlockFileBytes));
  }
  Prefix prefix = {};
  RECBOTS_RETURN_IF_ERROR(ReadAt(file, path, 0, sizeof(prefix), reinterpret_cast<char*>(&prefix)));
  // Checks the prefix before it allocates memory of the size that the prefix states.
  if (const std::string why = WhyNot(prefix, info.st_size, expected); !why.empty()) {
    return absl::DataLossError(absl::StrCat("'", path, "' ", why));
  }
  BlockFile result;
  result.crcs_.resize(static_cast<size_t>(NumBlocks(prefix.bytes)));
  RECBOTS_RETURN_IF_ERROR(ReadAt(file, path, sizeof(prefix),
                                 static_cast<int64_t>(result.crcs_.size() * sizeof(uint32_t)),
                                 reinterpret_cast<char*>(result.crcs_.data())));
  if (HeaderCrc(prefix, result.crcs_) != prefix.header_crc32c) {
    return absl::DataLossError(absl::StrCat("'", path, "': the header does not check"));
  }
  result.file_ = std::move(file);
  result.path_ = std::move(path);
  result.bytes_ = prefix.bytes;
  return result;
}

int64_t BlockFile::block_bytes(int64_t block) const { return std::min(kBlockBytes, bytes_ - block * kBlockBytes); }

absl::Status BlockFile::Read(int64_t first, int64_t count, char* to) const {
  const int64_t begin = first * kBlockBytes;
  const int64_t end = std::min(bytes_, begin + count * kBlockBytes);
  RECBOTS_RETURN_IF_ERROR(ReadAt(file_, path_, BlockFileHeaderBytes(bytes_) + begin, end - begin, to));
  for (int64_t block = first; block < first + count; ++block) {
    const auto length = static_cast<size_t>(block_bytes(block));
    if (Crc32c({to, length}) != crcs_[static_cast<size_t>(block)]) {
      return absl::DataLossError(absl::StrCat("'", path_, "': block ", block, " of ", num_blocks(), " does not check"));
    }
    to += length;
  }
  return absl::OkStatus();
}

absl::Status BlockFile::Verify() const {
  constexpr int64_t kAtOnce = 16;
  std::vector<char> scratch(static_cast<size_t>(std::min(bytes_, kAtOnce * kBlockBytes)));
  for (int64_t block = 0; block < num_blocks(); block += kAtOnce) {
    RECBOTS_RETURN_IF_ERROR(Read(block, std::min(kAtOnce, num_blocks() - block), scratch.data()));
  }
  return absl::OkStatus();
}

}  // namespace recbots::replay
