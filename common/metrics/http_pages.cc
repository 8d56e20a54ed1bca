#include "common/metrics/http_pages.h"

#include <algorithm>
#include <cstring>

namespace recbots {
namespace {

// A stream that reads a complete request from memory and keeps the answer in memory.
class MemoryStream : public httplib::Stream {
 public:
  MemoryStream(absl::string_view request, const std::string& peer) : request_(request), peer_(peer) {}

  bool is_readable() const override { return true; }
  bool is_writable() const override { return true; }
  ssize_t read(char* data, size_t size) override {
    const size_t taken = std::min(size, request_.size());
    std::memcpy(data, request_.data(), taken);
    request_.remove_prefix(taken);
    return static_cast<ssize_t>(taken);
  }
  ssize_t write(const char* data, size_t size) override {
    answer_.append(data, size);
    return static_cast<ssize_t>(size);
  }
  void get_remote_ip_and_port(std::string& ip, int& /*port*/) const override { ip = peer_; }
  // Only logs would ask for it, and requests are not logged.
  void get_local_ip_and_port(std::string& /*ip*/, int& /*port*/) const override {}
  socket_t socket() const override { return 0; }

  std::string& answer() { return answer_; }

 private:
  absl::string_view request_;
  const std::string& peer_;
  std::string answer_;
};

}  // namespace

std::string HttpPages::Answer(absl::string_view request, const std::string& peer) {
  MemoryStream stream(request, peer);
  bool closed = false;
  process_request(stream, /*close_connection=*/true, closed, /*setup_request=*/nullptr);
  return std::move(stream.answer());
}

absl::string_view PathOf(absl::string_view request) {
  const absl::string_view line = request.substr(0, request.find('\r'));
  const size_t space = line.find(' ');
  if (space == absl::string_view::npos) return "";
  const absl::string_view path = line.substr(space + 1);
  return path.substr(0, path.find_first_of(" ?"));
}

}  // namespace recbots
