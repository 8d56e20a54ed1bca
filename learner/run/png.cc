#include "learner/run/png.h"

#include <zlib.h>

#include "common/base/log.h"

namespace recbots {
namespace {

constexpr char kSignature[] = "\x89PNG\r\n\x1a\n";

void AppendNumber(uint32_t number, std::string& to) {
  for (int shift = 24; shift >= 0; shift -= 8) to += static_cast<char>(number >> shift & 0xff);
}

// Length, type, data, and a CRC-32 of type and data.
void AppendChunk(absl::string_view type, absl::string_view data, std::string& to) {
  AppendNumber(static_cast<uint32_t>(data.size()), to);
  const size_t begin = to.size();
  to.append(type.data(), type.size());
  to.append(data.data(), data.size());
  const auto* bytes = reinterpret_cast<const Bytef*>(to.data() + begin);
  AppendNumber(static_cast<uint32_t>(::crc32(0, bytes, static_cast<uInt>(to.size() - begin))), to);
}

std::string Compressed(const std::string& data) {
  uLongf size = ::compressBound(data.size());
  std::string compressed(size, '\0');
  const int result = ::compress(reinterpret_cast<Bytef*>(compressed.data()), &size,
                                reinterpret_cast<const Bytef*>(data.data()), data.size());
  RECBOTS_CHECK(result == Z_OK) << "zlib: " << result;
  compressed.resize(size);
  return compressed;
}

}  // namespace

std::string EncodePng(const Picture& picture) {
  const size_t row = size_t{3} * picture.width;
  RECBOTS_CHECK(row > 0 && picture.rgb.size() == row * picture.height) << picture.rgb.size() << " bytes";
  std::string header;
  AppendNumber(picture.width, header);
  AppendNumber(picture.height, header);
  // 8 bits a sample, colours, and the only methods there are; not interlaced.
  header += std::string("\x08\x02\x00\x00\x00", 5);
  std::string lines;
  for (size_t y = 0; y < picture.height; ++y) {
    lines += '\0';  // The line is as it is.
    lines.append(picture.rgb, y * row, row);
  }
  std::string png(kSignature, 8);
  AppendChunk("IHDR", header, png);
  AppendChunk("IDAT", Compressed(lines), png);
  AppendChunk("IEND", "", png);
  return png;
}

}  // namespace recbots
