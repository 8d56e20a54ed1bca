#include "common/metrics/http_server.h"

#include <algorithm>
#include <deque>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/host_port.h"
#include "common/base/instant.h"
#include "common/base/mutex.h"
#include "common/base/status_macros.h"
#include "common/base/thread.h"
#include "common/metrics/guarded_pages.h"
#include "common/metrics/http_controls.h"
#include "common/metrics/http_pages.h"
#include "common/metrics/http_poller.h"
#include "common/metrics/http_transport.h"
#include "common/metrics/page_guard.h"
#include "common/metrics/status_page.h"

namespace recbots {
namespace {

// At most this many requests wait for their thread; further clients are told to try again.
constexpr size_t kWaitingRequests = 64;
constexpr char kTextType[] = "text/plain; charset=utf-8";
constexpr char kStatusPath[] = "/statusz";
constexpr char kEventsType[] = "text/event-stream";
// What follows comes without a length and ends with the connection. A browser that loses it tries again after a second.
constexpr char kEventsHead[] =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n"
    "X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\nretry: 1000\n\n";
constexpr char kOnlyFromHere[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'";
constexpr char kNotReady[] = "not ready";
constexpr char kBusy[] = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

// A thread that answers requests one after the other.
class Lane {
 public:
  // `poller`, and what `answer` uses, must outlive the lane.
  Lane(const std::string& name, std::function<void(const HttpRequest&)> answer, HttpPoller& poller)
      : answer_(std::move(answer)), poller_(poller), thread_(name, [this] { Run(); }) {}
  ~Lane() { Close(); }

  void Add(HttpRequest request) ABSL_LOCKS_EXCLUDED(mu_) {
    MutexLock lock(&mu_);
    if (requests_.size() >= kWaitingRequests) {
      poller_.Respond(request.id, kBusy);
    } else {
      requests_.push_back(std::move(request));
    }
  }

 private:
  void Close() ABSL_LOCKS_EXCLUDED(mu_) {
    MutexLock lock(&mu_);
    closed_ = true;
  }
  void Run() ABSL_LOCKS_EXCLUDED(mu_) {
    while (true) {
      HttpRequest next;
      {
        MutexLock lock(&mu_);
        const auto can_go_on = [this]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return closed_ || !requests_.empty(); };
        mu_.AwaitFor(can_go_on, absl::InfiniteDuration());
        if (closed_) return;
        next = std::move(requests_.front());
        requests_.pop_front();
      }
      answer_(next);
    }
  }

  const std::function<void(const HttpRequest&)> answer_;
  HttpPoller& poller_;

  Mutex mu_;
  bool closed_ ABSL_GUARDED_BY(mu_) = false;
  std::deque<HttpRequest> requests_ ABSL_GUARDED_BY(mu_);

  Thread thread_;  // Last: it uses all of the above.
};

}  // namespace

class HttpServer::Impl {
 public:
  Impl(HttpServerOptions options, Metrics& metrics) : options_(std::move(options)), metrics_(metrics) {}
  ~Impl() { Stop(); }

  absl::Status Listen() {
    RECBOTS_ASSIGN_OR_RETURN(bound_, ParseHostPort(options_.address));
    if (!options_.certificate_pem.empty()) {
      RECBOTS_ASSIGN_OR_RETURN(tls_, HttpTls::Create(options_.certificate_pem, options_.key_pem));
    }
    RECBOTS_ASSIGN_OR_RETURN(FileDescriptor listener, ListenAt(bound_));
    address_ = bound_.ToString();
    AddPages();
    poller_ = std::make_unique<HttpPoller>(
        std::move(listener), tls_.get(), HttpPollerOptions(),
        [this](HttpRequest request) { (IsSlow(PathOf(request.bytes)) ? *status_ : *quick_).Add(std::move(request)); });
    MutexLock lock(&stop_mu_);
    const auto answer = [this](const HttpRequest& request) { Answer(request); };
    quick_ = std::make_unique<Lane>("http-quick", answer, *poller_);
    status_ = std::make_unique<Lane>("http-status", answer, *poller_);
    thread_ = std::make_unique<Thread>("http-io", [this] { poller_->Run(); });
    return absl::OkStatus();
  }

  void Stop() {
    MutexLock stopping(&stop_mu_);
    if (thread_ == nullptr) return;
    poller_->Stop();
    thread_.reset();  // No thread uses the lanes after this.
    quick_.reset();
    status_.reset();
  }

  const std::string& address() const { return address_; }
  int port() const { return bound_.port; }
  HttpPoller& poller() { return *poller_; }

 private:
  // A viewer of events passes the same guard as every request, and is then left to the poller.
  void Answer(const HttpRequest& request) {
    std::string answer = pages_.Answer(request.bytes, request.peer);
    const bool views = !options_.more.events.empty() && PathOf(request.bytes) == options_.more.events &&
                       absl::StartsWith(request.bytes, "GET ") && absl::StartsWith(answer, "HTTP/1.1 200 ");
    if (views) {
      poller_->BeginView(request.id, kEventsHead);
    } else {
      poller_->Respond(request.id, std::move(answer));
    }
  }

  void AddMorePages() {
    for (const WebPage& page : options_.more.pages) {
      pages_.Get(page.path, [&page](const httplib::Request& request, httplib::Response& response) {
        WebPage::Answer answer = page.make({request.params.begin(), request.params.end()});
        response.status = answer.status;
        response.set_header("Content-Security-Policy", kOnlyFromHere);
        response.set_content(std::move(answer.body), page.type);
      });
    }
    for (const WebControl& control : options_.more.controls) {
      AddControl(control.path, {.has_token = guard_ != nullptr, .tls = tls_ != nullptr}, control.act, pages_);
    }
    if (options_.more.events.empty()) return;
    pages_.Get(options_.more.events,
               [](const httplib::Request&, httplib::Response& response) { response.set_content("", kEventsType); });
  }

  void AddPages() {
    if (!options_.token.empty()) {
      guard_ = std::make_unique<PageGuard>(PageGuardOptions{.token = options_.token, .tls = tls_ != nullptr}, metrics_,
                                           Clock::Real());
    }
    std::vector<std::string> controls;
    for (const WebControl& control : options_.more.controls) controls.push_back(control.path);
    GuardPages(options_.role, guard_.get(), std::move(controls), pages_);
    pages_.set_error_handler([this](const httplib::Request&, httplib::Response& response) {
      if (response.status == 404) response.set_content(PagesText(), kTextType);
    });
    pages_.Get("/metrics", [this](const httplib::Request&, httplib::Response& response) {
      response.set_content(metrics_.Text(), "text/plain; version=0.0.4; charset=utf-8");
    });
    pages_.Get(kHealthPath, [this](const httplib::Request&, httplib::Response& response) {
      const std::string why = options_.unhealthy ? options_.unhealthy() : "";
      response.status = why.empty() ? 200 : 503;
      // Everybody may see this page: it gives away no more than ok or not ok where there is a token.
      const bool tells = guard_ == nullptr;
      response.set_content(why.empty() ? "ok\n" : absl::StrCat(tells ? why : kNotReady, "\n"), kTextType);
    });
    for (const JsonPage& page : options_.json_pages) {
      pages_.Get(page.path, [&page](const httplib::Request&, httplib::Response& response) {
        response.set_content(page.json(), "application/json");
      });
    }
    AddMorePages();
    pages_.Get(kStatusPath, [this](const httplib::Request& request, httplib::Response& response) {
      const std::vector<StatusSection> sections = options_.status ? options_.status() : std::vector<StatusSection>();
      const absl::Duration uptime = Instant::Now() - start_;
      if (request.get_param_value("format") == "text") {
        response.set_content(StatusText(options_.role, uptime, sections), kTextType);
      } else {
        response.set_content(StatusHtml(options_.role, uptime, sections), "text/html; charset=utf-8");
      }
    });
  }

  // The pages that a function of the role makes.
  bool IsSlow(absl::string_view path) const {
    const auto has_path = [path](const auto& page) { return page.path == path; };
    const std::vector<JsonPage>& json = options_.json_pages;
    const std::vector<WebPage>& more = options_.more.pages;
    const std::vector<WebControl>& controls = options_.more.controls;
    return path == kStatusPath || std::any_of(json.begin(), json.end(), has_path) ||
           std::any_of(more.begin(), more.end(), has_path) || std::any_of(controls.begin(), controls.end(), has_path);
  }

  std::string PagesText() const {
    std::string text = "not found: this server has /metrics, /healthz, /statusz";
    for (const JsonPage& page : options_.json_pages) absl::StrAppend(&text, ", ", page.path);
    for (const WebPage& page : options_.more.pages) absl::StrAppend(&text, ", ", page.path);
    if (!options_.more.events.empty()) absl::StrAppend(&text, ", ", options_.more.events);
    return absl::StrCat(text, "\n");
  }

  // Constant after Listen has returned.
  const HttpServerOptions options_;
  Metrics& metrics_;
  const Instant start_ = Instant::Now();
  HostPort bound_;
  std::string address_;
  std::unique_ptr<HttpTls> tls_;      // nullptr: no TLS.
  std::unique_ptr<PageGuard> guard_;  // nullptr: no token.
  HttpPages pages_;

  // Thread-safe by itself.
  std::unique_ptr<HttpPoller> poller_;

  Mutex stop_mu_;  // One Stop at a time.
  // Two lanes: a role's function that waits (for a lock, for example) then delays only other requests of /statusz and
  // of the pages that the role adds. The lanes are set before the poller's thread begins, and only that thread uses
  // them.
  std::unique_ptr<Lane> quick_;
  std::unique_ptr<Lane> status_;
  std::unique_ptr<Thread> thread_ ABSL_GUARDED_BY(stop_mu_);
};

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpServer::~HttpServer() = default;

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(HttpServerOptions options, Metrics& metrics) {
  auto impl = std::make_unique<Impl>(std::move(options), metrics);
  RECBOTS_RETURN_IF_ERROR(impl->Listen());
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

const std::string& HttpServer::address() const { return impl_->address(); }
int HttpServer::port() const { return impl_->port(); }
void HttpServer::SendEvent(absl::string_view name, absl::string_view data) {
  if (viewers() > 0) impl_->poller().Publish(absl::StrCat("event: ", name, "\ndata: ", data, "\n\n"));
}
size_t HttpServer::viewers() const { return impl_->poller().viewers(); }
void HttpServer::Stop() { impl_->Stop(); }

}  // namespace recbots
