#include "common/log/byte_stream.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "common/base/file_descriptor.h"
#include "common/base/status_macros.h"
#include "common/log/decoders.h"

namespace recbots {
namespace {

class FileBytes final : public ByteStream {
 public:
  FileBytes(std::string path, FileDescriptor file) : path_(std::move(path)), file_(std::move(file)) {}

  absl::StatusOr<size_t> Read(char* out, size_t size) override {
    while (true) {
      const ssize_t count = read(file_.get(), out, size);
      if (count >= 0) return static_cast<size_t>(count);
      if (errno != EINTR) return FileError("read", path_, errno);
    }
  }

 private:
  const std::string path_;
  const FileDescriptor file_;
};

class MemoryBytes final : public ByteStream {
 public:
  explicit MemoryBytes(std::string content) : content_(std::move(content)) {}

  absl::StatusOr<size_t> Read(char* out, size_t size) override {
    const size_t count = std::min(size, content_.size() - used_);
    std::memcpy(out, content_.data() + used_, count);
    used_ += count;
    return count;
  }

 private:
  const std::string content_;
  size_t used_ = 0;
};

// Looks at the first bytes of the source and chooses how the rest is decoded.
class DetectingStream final : public ByteStream {
 public:
  DetectingStream(std::string name, std::unique_ptr<ByteStream> source)
      : name_(std::move(name)), source_(std::move(source)), input_(size_t{1} << 18) {}

  absl::StatusOr<size_t> Read(char* out, size_t size) override {
    if (!started_) RECBOTS_RETURN_IF_ERROR(Start());
    while (true) {
      if (begin_ == end_ && !source_ended_) RECBOTS_RETURN_IF_ERROR(Fill());
      if (decoder_ == nullptr) return TakePlain(out, size);
      if (begin_ == end_) {
        // What is still in the decoder comes out without input.
        RECBOTS_ASSIGN_OR_RETURN(const size_t rest, Decode(out, size));
        if (rest > 0 || decoder_->at_boundary()) return rest;
        return absl::InvalidArgumentError(absl::StrCat(name_, ": the ", decoder_->name(), " data end early, after ",
                                                       compressed_bytes_, " bytes: is this half a file?"));
      }
      RECBOTS_ASSIGN_OR_RETURN(const size_t count, Decode(out, size));
      if (count > 0) return count;
    }
  }

 private:
  absl::Status Start() {
    started_ = true;
    while (end_ < 4 && !source_ended_) RECBOTS_RETURN_IF_ERROR(Fill());
    decoder_ = MakeDecoder(absl::string_view(input_.data(), end_));
    return absl::OkStatus();
  }

  // Reads more input behind what is there, which is not yet used only at the start.
  absl::Status Fill() {
    if (begin_ == end_) begin_ = end_ = 0;
    RECBOTS_ASSIGN_OR_RETURN(const size_t count, source_->Read(input_.data() + end_, input_.size() - end_));
    end_ += count;
    compressed_bytes_ += static_cast<int64_t>(count);
    source_ended_ = count == 0;
    return absl::OkStatus();
  }

  size_t TakePlain(char* out, size_t size) {
    const size_t count = std::min(size, end_ - begin_);
    std::memcpy(out, input_.data() + begin_, count);
    begin_ += count;
    return count;
  }

  absl::StatusOr<size_t> Decode(char* out, size_t size) {
    absl::string_view input(input_.data() + begin_, end_ - begin_);
    auto count = decoder_->Decode(input, out, size);
    if (!count.ok()) {
      return absl::Status(count.status().code(), absl::StrCat(name_, ": ", count.status().message(), ", near byte ",
                                                              compressed_bytes_ - static_cast<int64_t>(input.size())));
    }
    begin_ = end_ - input.size();
    return count;
  }

  const std::string name_;
  const std::unique_ptr<ByteStream> source_;
  std::vector<char> input_;
  size_t begin_ = 0;  // What of input_ is not yet used.
  size_t end_ = 0;
  int64_t compressed_bytes_ = 0;
  bool started_ = false;
  bool source_ended_ = false;
  std::unique_ptr<Decoder> decoder_;  // nullptr: not compressed
};

}  // namespace

absl::StatusOr<std::unique_ptr<ByteStream>> ByteStream::Open(const std::string& path) {
  const bool standard_input = path == "-";
  FileDescriptor file(standard_input ? dup(STDIN_FILENO) : open(path.c_str(), O_RDONLY | O_CLOEXEC));
  const std::string name = standard_input ? "standard input" : path;
  if (file.get() < 0) return FileError("open", name, errno);
  return std::make_unique<DetectingStream>(name, std::make_unique<FileBytes>(name, std::move(file)));
}

std::unique_ptr<ByteStream> ByteStream::Of(std::string content) {
  return std::make_unique<DetectingStream>("log", std::make_unique<MemoryBytes>(std::move(content)));
}

}  // namespace recbots
