#include "common/log/decoders.h"

#include <zlib.h>
#include <zstd.h>

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/log.h"

namespace recbots {
namespace {

class GzipDecoder final : public Decoder {
 public:
  GzipDecoder() { RECBOTS_CHECK(inflateInit2(&stream_, 16 + MAX_WBITS) == Z_OK) << "no memory for zlib"; }
  ~GzipDecoder() override { inflateEnd(&stream_); }

  const char* name() const override { return "gzip"; }
  bool at_boundary() const override { return at_boundary_; }

  absl::StatusOr<size_t> Decode(absl::string_view& input, char* out, size_t size) override {
    if (input.empty()) return 0;  // inflate() has no output in store that it could not write before.
    if (at_boundary_) inflateReset(&stream_);
    at_boundary_ = false;
    // zlib does not write to its input.
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(input.data()));
    stream_.avail_in = static_cast<uInt>(input.size());
    stream_.next_out = reinterpret_cast<Bytef*>(out);
    stream_.avail_out = static_cast<uInt>(std::min<size_t>(size, 1U << 30));
    const uInt room = stream_.avail_out;
    const int code = inflate(&stream_, Z_NO_FLUSH);
    input.remove_prefix(input.size() - stream_.avail_in);
    if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR) {
      return absl::InvalidArgumentError(
          absl::StrCat("damaged gzip data: ", stream_.msg != nullptr ? stream_.msg : "an error of zlib"));
    }
    at_boundary_ = code == Z_STREAM_END;
    return room - stream_.avail_out;
  }

 private:
  z_stream stream_{};
  bool at_boundary_ = false;
};

class ZstdDecoder final : public Decoder {
 public:
  ZstdDecoder() : stream_(ZSTD_createDStream()) {
    RECBOTS_CHECK(stream_ != nullptr) << "no memory for zstd";
    ZSTD_DCtx_setParameter(stream_, ZSTD_d_windowLogMax, 27);
  }
  ~ZstdDecoder() override { ZSTD_freeDStream(stream_); }

  const char* name() const override { return "zstd"; }
  bool at_boundary() const override { return at_boundary_; }

  absl::StatusOr<size_t> Decode(absl::string_view& input, char* out, size_t size) override {
    if (input.empty() && at_boundary_) return 0;
    ZSTD_inBuffer in = {input.data(), input.size(), 0};
    ZSTD_outBuffer written = {out, size, 0};
    const size_t code = ZSTD_decompressStream(stream_, &written, &in);
    input.remove_prefix(in.pos);
    if (ZSTD_isError(code) != 0) {
      return absl::InvalidArgumentError(absl::StrCat("damaged zstd data: ", ZSTD_getErrorName(code)));
    }
    at_boundary_ = code == 0;
    return written.pos;
  }

 private:
  ZSTD_DStream* const stream_;
  bool at_boundary_ = false;
};

}  // namespace

std::unique_ptr<Decoder> MakeDecoder(absl::string_view first_bytes) {
  if (absl::StartsWith(first_bytes, "\x1f\x8b")) return std::make_unique<GzipDecoder>();
  if (absl::StartsWith(first_bytes, "\x28\xb5\x2f\xfd")) return std::make_unique<ZstdDecoder>();
  return nullptr;
}

}  // namespace recbots
