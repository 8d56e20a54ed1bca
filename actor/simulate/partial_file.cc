#include "actor/simulate/partial_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"

namespace recbots {
namespace {

std::string Describe(absl::string_view what, const std::string& path, int error) {
  return absl::StrCat(what, " '", path, "': ", std::generic_category().message(error));
}

absl::Status Failed(absl::string_view what, const std::string& path, int error) {
  const bool no_room = error == ENOSPC || error == EDQUOT || error == EFBIG;
  return absl::Status(no_room ? absl::StatusCode::kResourceExhausted : absl::StatusCode::kUnavailable,
                      Describe(what, path, error));
}

}  // namespace

absl::StatusOr<std::unique_ptr<PartialFile>> PartialFile::Create(const std::string& path) {
  std::error_code unused;
  if (std::filesystem::is_directory(path, unused)) {
    return absl::InvalidArgumentError(Describe("cannot write", path, EISDIR));
  }
  std::string partial_path = path + ".partial";
  const int fd = open(partial_path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (fd < 0) return absl::InvalidArgumentError(Describe("cannot write", partial_path, errno));
  return absl::WrapUnique(new PartialFile(path, std::move(partial_path), fd));
}

PartialFile::PartialFile(std::string path, std::string partial_path, int fd)
    : path_(std::move(path)), partial_path_(std::move(partial_path)), fd_(fd) {}

PartialFile::~PartialFile() {
  if (fd_ < 0) return;
  close(fd_);
  if (empty_) unlink(partial_path_.c_str());
}

absl::Status PartialFile::Write(absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return Failed("cannot write", partial_path_, errno);
    bytes.remove_prefix(static_cast<size_t>(written));
    empty_ = false;
  }
  return absl::OkStatus();
}

absl::Status PartialFile::Finish() {
  const int code = close(std::exchange(fd_, -1));
  if (code != 0) return Failed("cannot write", partial_path_, errno);
  if (rename(partial_path_.c_str(), path_.c_str()) != 0) return Failed("cannot rename to", path_, errno);
  return absl::OkStatus();
}

}  // namespace recbots
