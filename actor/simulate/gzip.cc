#include "actor/simulate/gzip.h"

#include <zlib.h>

#include <algorithm>

#include "common/base/log.h"

namespace recbots {
namespace {

// Rows are repetitive: level 1 reduces them to about a tenth, and higher levels take longer than the simulation.
constexpr int kLevel = 1;
constexpr int kWindowBits = 15 + 16;  // The largest window; + 16: with gzip's header and trailer.
constexpr int kMemoryLevel = 8;
constexpr size_t kMaxPiece = size_t{1} << 30;  // zlib counts in 32 bits.

}  // namespace

struct GzipCompressor::Stream : z_stream {};

GzipCompressor::GzipCompressor() : stream_(std::make_unique<Stream>()) {
  const int code = deflateInit2(stream_.get(), kLevel, Z_DEFLATED, kWindowBits, kMemoryLevel, Z_DEFAULT_STRATEGY);
  RECBOTS_CHECK(code == Z_OK) << "zlib " << zlibVersion() << " does not start, code " << code;
}

GzipCompressor::~GzipCompressor() { deflateEnd(stream_.get()); }

void GzipCompressor::Compress(absl::string_view text, std::string& member) {
  RECBOTS_CHECK(deflateReset(stream_.get()) == Z_OK);
  member.resize(std::max<size_t>(text.size() / 8, 256));
  size_t written = 0;
  int code = Z_OK;
  while (code != Z_STREAM_END) {
    const size_t piece = std::min(text.size(), kMaxPiece);
    if (written == member.size()) member.resize(member.size() * 2);
    const size_t room = std::min(member.size() - written, kMaxPiece);
    stream_->next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    stream_->avail_in = static_cast<uInt>(piece);
    stream_->next_out = reinterpret_cast<Bytef*>(member.data() + written);
    stream_->avail_out = static_cast<uInt>(room);
    code = deflate(stream_.get(), piece == text.size() ? Z_FINISH : Z_NO_FLUSH);
    RECBOTS_CHECK(code == Z_OK || code == Z_STREAM_END || code == Z_BUF_ERROR) << "zlib code " << code;
    text.remove_prefix(piece - stream_->avail_in);
    written += room - stream_->avail_out;
  }
  member.resize(written);
}

}  // namespace recbots
