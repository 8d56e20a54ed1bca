// The pages that every role serves to people and to programs over HTTP: /metrics, /healthz, /statusz, and more that a
// role adds.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/metrics/metrics.h"

namespace recbots {

// A section of /statusz: a title and rows of name and value, in order.
struct StatusSection {
  std::string title;
  std::vector<std::pair<std::string, std::string>> rows;
};

// A page that a role adds: JSON at a path of its own.
struct JsonPage {
  std::string path;                   // "/api/roles"
  std::function<std::string()> json;  // As HttpServerOptions::status: thread-safe and quick.
};

// A page that a role adds, of any type, which may ask for the parameters of the request.
struct WebPage {
  // "?since=3&x=updates"; of a name that stands there twice the first value.
  using Parameters = std::map<std::string, std::string>;
  struct Answer {
    int status = 200;
    std::string body;
  };
  std::string path;
  std::string type;                                          // "text/html; charset=utf-8"
  std::function<Answer(const Parameters& parameters)> make;  // As HttpServerOptions::status: thread-safe and quick.
};

// Something that a person may ask a role to do, by a POST (http_controls.h says of whom it is taken).
struct WebControl {
  std::string path;  // "/api/v1/control"
  // Does what `body`, which is JSON, asks for. Thread-safe and quick; the answer is JSON.
  std::function<WebPage::Answer(const std::string& body)> act;
};

// What a role adds beside its JSON pages.
struct MorePages {
  std::vector<WebPage> pages = {};
  std::vector<WebControl> controls = {};
  // The path of a stream of server-sent events, which all viewers get alike: HttpServer::SendEvent. "": none.
  std::string events = {};
};

struct HttpServerOptions {
  // host:port; port 0 takes a free one.
  std::string address = "127.0.0.1:0";
  // Shown on top of /statusz: "learner".
  std::string role = "recbots";
  // PEM. With a certificate (and the certificates of authorities between it and one that clients know) and its private
  // key, the pages are served over TLS, and nothing else is. No client is asked for a certificate of its own: a browser
  // has none.
  std::string certificate_pem = {};
  std::string key_pem = {};
  // With a token, every path but /healthz wants it (guarded_pages.h).
  std::string token = {};
  // Called for each request of /statusz, from a thread of the server. Must be thread-safe and quick: if it waits, it
  // delays other requests of /statusz, but not those of /metrics and /healthz. nullptr: the page has no sections.
  std::function<std::vector<StatusSection>()> status = nullptr;
  // Called for each request of /healthz: "" answers 200 "ok", any other text 503 and the text. nullptr: always ok. The
  // page is open where all others want a token: there the text is replaced by "not ready".
  std::function<std::string()> unhealthy = nullptr;
  // More pages, behind the token as all others.
  std::vector<JsonPage> json_pages = {};
  MorePages more = {};
};

// Thread-safe. Serves GET and HEAD, and POST where a role has controls, one request per connection. /metrics is
// Prometheus text, /healthz a word, /statusz a small HTML page (or text, with ?format=text); any other path is answered
// by 404 and the names of the pages. Clients that are silent, slow or do not read delay no other client, however many
// they are (http_poller.h): a request may take 5 s to arrive (the handshake of TLS included), its answer 5 s to be made
// and 5 s to be read, and when there are more than 128 connections the oldest idle one is closed. Pages that a role
// adds load scripts, styles, pictures and data from this server only (Content-Security-Policy). At most 1,024
// connections may view the stream of events, beside the 128, which needs no thread for a viewer; one that leaves 256
// KiB unread, or reads nothing for 5 s, is closed.
class HttpServer {
 public:
  // `metrics` must outlive the server; it is shown, and counts refused requests.
  //   INVALID_ARGUMENT  the address is not host:port; certificate or key cannot be used
  //   ALREADY_EXISTS    the port is taken (the message names the address)
  static absl::StatusOr<std::unique_ptr<HttpServer>> Start(HttpServerOptions options, Metrics& metrics);
  ~HttpServer();

  const std::string& address() const;
  int port() const;

  // Sends an event of this name ("status") with `data`, which must be one line, to all viewers of the stream. Waits for
  // none of them, and costs nothing where viewers() is 0.
  void SendEvent(absl::string_view name, absl::string_view data);
  // How many connections view the stream of events.
  size_t viewers() const;

  // Ends requests under way and the threads. Idempotent.
  void Stop();

 private:
  class Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace recbots
