#include <sys/mman.h>
#include <unistd.h>

#include <cstring>

#include "common/base/log.h"
#include "replay/checkpoint/block_file.h"
#include "tests/fuzz/byte_source.h"
#include "tests/fuzz/fuzz_targets.h"

namespace recbots::replay {
namespace {

FileDescriptor InMemory(absl::string_view bytes) {
  FileDescriptor file(memfd_create("fuzz", MFD_CLOEXEC));
  RECBOTS_CHECK(file.is_open());
  RECBOTS_CHECK(write(file.get(), bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
  return file;
}

v1::CheckpointFile Expect(int64_t bytes, uint32_t crc32c) {
  v1::CheckpointFile file;
  file.set_name("fuzz");
  file.set_bytes(bytes);
  file.set_crc32c(crc32c);
  return file;
}

// Opens and reads; the content when all of it checks.
absl::StatusOr<std::string> ReadAll(absl::string_view bytes, const v1::CheckpointFile& expected) {
  const absl::StatusOr<BlockFile> file = BlockFile::Open(InMemory(bytes), "fuzz", expected);
  if (!file.ok()) return file.status();
  std::string content(static_cast<size_t>(file->bytes()), '\0');
  const absl::Status status = file->Read(0, file->num_blocks(), content.data());
  RECBOTS_CHECK(file->Verify().ok() == status.ok());
  if (!status.ok()) return status;
  return content;
}

// As a file: its length and checksum are those that it claims.
void ReadAsFile(absl::string_view bytes) {
  ByteSource prefix(bytes.substr(std::min<size_t>(bytes.size(), 16)));
  const auto length = prefix.Take<int64_t>();
  (void)ReadAll(bytes, Expect(length, prefix.Take<uint32_t>()));
}

// As the content of a file of which a byte was changed, or which was cut off.
void ReadAsContent(absl::string_view bytes) {
  ByteSource source(bytes);
  const auto at = source.Take<uint32_t>();
  const auto change = source.Take<uint8_t>();
  const std::string content(source.rest());
  const BlockFileHeader header = MakeBlockFileHeader(content);
  const v1::CheckpointFile expected = Expect(static_cast<int64_t>(content.size()), header.crc32c);
  std::string file = header.bytes + content;
  const auto whole = ReadAll(file, expected);
  RECBOTS_CHECK(whole.ok() && *whole == content) << whole.status();
  if (change == 0) {
    file.resize(at % file.size());
  } else {
    file[at % file.size()] = static_cast<char>(file[at % file.size()] ^ change);
  }
  RECBOTS_CHECK(!ReadAll(file, expected).ok()) << "byte " << at % file.size() << " changed by " << int{change};
}

}  // namespace

void FuzzBlockFile(absl::string_view bytes) {
  ReadAsFile(bytes);
  ReadAsContent(bytes);
}

std::vector<std::string> BlockFileSeeds() {
  std::vector<std::string> seeds;
  for (const int length : {0, 1, 100, 65536, 70000}) {
    const std::string content(static_cast<size_t>(length), 'c');
    seeds.push_back(MakeBlockFileHeader(content).bytes + content);
  }
  return seeds;
}

}  // namespace recbots::replay
