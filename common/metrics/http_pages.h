// Uses cpp-httplib for what it does well, parsing requests and writing answers, without its sockets and threads.
#pragma once

#include <httplib.h>

#include <string>

#include "absl/strings/string_view.h"

namespace recbots {

// Add routes as to any httplib::Server, before the first call of Answer; from then on several threads may call Answer.
// An HttpPages never listens.
class HttpPages : public httplib::Server {
 public:
  // Returns the answer to `request`, which must contain all bytes up to the end of the headers, and of a POST the body:
  // status line, headers, body. The answer tells the client that the connection closes. Empty if the bytes are no
  // request that can be answered. `peer` becomes the remote_addr of the httplib::Request.
  std::string Answer(absl::string_view request, const std::string& peer);
};

// The path of a request, or "" if it has none: "/statusz" for "GET /statusz?format=text HTTP/1.1...".
absl::string_view PathOf(absl::string_view request);

}  // namespace recbots
