// cpp-httplib as what it does well, requests and answers in words of HTTP, without its sockets and threads.
#pragma once

#include <httplib.h>

#include <string>

#include "absl/strings/string_view.h"

namespace recbots {

// Routes are added as to any httplib::Server, before the first Answer; from then on Answer may be called from several
// threads. It never listens.
class HttpPages : public httplib::Server {
 public:
  // The answer to a request of which the bytes up to the end of the headers are there: status line, headers, body. It
  // closes the connection. Empty: there is none for such bytes.
  std::string Answer(absl::string_view request);
};

// The path of a request, "" where there is none: "GET /statusz?format=text HTTP/1.1..." has "/statusz".
absl::string_view PathOf(absl::string_view request);

}  // namespace recbots
