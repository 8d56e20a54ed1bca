#include "common/metrics/http_server.h"

#include <sys/socket.h>

#include "absl/strings/str_cat.h"
#include "common/base/host_port.h"
#include "common/base/instant.h"
#include "common/base/mutex.h"
#include "common/base/status_macros.h"
#include "common/base/thread.h"
#include "common/metrics/http_connection.h"
#include "common/metrics/status_page.h"

namespace recbots {
namespace {

// Prometheus gives up after 10 s; a client that needs longer than this for a page of a few KiB is stuck.
constexpr absl::Duration kTimePerConnection = absl::Seconds(5);
constexpr int kThreads = 3;
constexpr size_t kWaitingConnections = 64;
constexpr char kPages[] = "this server has /metrics, /healthz and /statusz\n";
constexpr char kTextType[] = "text/plain; charset=utf-8";

}  // namespace

class HttpServer::Impl {
 public:
  Impl(HttpServerOptions options, const Metrics& metrics)
      : options_(std::move(options)), metrics_(metrics), server_(stop_, kTimePerConnection) {}
  ~Impl() { Stop(); }

  absl::Status Listen() {
    RECBOTS_ASSIGN_OR_RETURN(bound_, ParseHostPort(options_.address));
    RECBOTS_RETURN_IF_ERROR(CheckCanListen(bound_));
    Configure();
    if (bound_.port == 0) {
      const int port = server_.bind_to_any_port(bound_.host);
      if (port <= 0) return InUse();
      bound_.port = static_cast<uint16_t>(port);
    } else if (!server_.bind_to_port(bound_.host, bound_.port)) {
      return InUse();  // It was free a moment ago: somebody was faster.
    }
    address_ = bound_.ToString();
    MutexLock lock(&stop_mu_);
    acceptor_ = std::make_unique<Thread>("http-accept", [this] {
      server_.listen_after_bind();
      MutexLock ending(&mu_);
      ended_ = true;
    });
    return absl::OkStatus();
  }

  void Stop() {
    stop_.Raise();
    MutexLock stopping(&stop_mu_);
    if (acceptor_ == nullptr) return;
    // A stop that comes before the acceptor has begun is lost in httplib: repeat it until it has ended.
    for (bool ended = false; !ended;) {
      server_.stop();
      MutexLock lock(&mu_);
      ended = mu_.AwaitFor([this]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return ended_; }, absl::Milliseconds(10));
    }
    acceptor_.reset();
  }

  const std::string& address() const { return address_; }
  int port() const { return bound_.port; }

 private:
  absl::Status InUse() const {
    return absl::AlreadyExistsError(absl::StrCat("cannot listen at ", bound_.ToString(), ": the port is in use"));
  }

  void Configure() {
    // Without SO_REUSEPORT, httplib's default: with it, a second server on the port would take half of the requests.
    server_.set_socket_options([](int socket) {
      const int one = 1;
      ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    });
    server_.set_tcp_nodelay(true);
    server_.new_task_queue = [] { return new ConnectionThreads(kThreads, kWaitingConnections); };
    server_.set_pre_routing_handler([](const httplib::Request& request, httplib::Response& response) {
      if (request.method == "GET" || request.method == "HEAD") return httplib::Server::HandlerResponse::Unhandled;
      response.status = 405;
      response.set_header("Allow", "GET, HEAD");
      response.set_content("GET or HEAD only\n", kTextType);
      return httplib::Server::HandlerResponse::Handled;
    });
    server_.set_error_handler([](const httplib::Request&, httplib::Response& response) {
      if (response.status == 404) response.set_content(absl::StrCat("not found: ", kPages), kTextType);
    });
    server_.Get("/metrics", [this](const httplib::Request&, httplib::Response& response) {
      response.set_content(metrics_.Text(), "text/plain; version=0.0.4; charset=utf-8");
    });
    server_.Get("/healthz", [this](const httplib::Request&, httplib::Response& response) {
      const bool healthy = !options_.healthy || options_.healthy();
      response.status = healthy ? 200 : 503;
      response.set_content(healthy ? "ok\n" : "not ready\n", kTextType);
    });
    server_.Get("/statusz", [this](const httplib::Request& request, httplib::Response& response) {
      const std::vector<StatusSection> sections = options_.status ? options_.status() : std::vector<StatusSection>();
      const absl::Duration uptime = Instant::Now() - start_;
      response.set_header("Cache-Control", "no-store");
      if (request.get_param_value("format") == "text") {
        response.set_content(StatusText(options_.role, uptime, sections), kTextType);
      } else {
        response.set_content(StatusHtml(options_.role, uptime, sections), "text/html; charset=utf-8");
      }
    });
  }

  // Constant once Listen has returned.
  const HttpServerOptions options_;
  const Metrics& metrics_;
  const Instant start_ = Instant::Now();
  HostPort bound_;
  std::string address_;

  // Synchronise themselves.
  StopSignal stop_;
  LimitedServer server_;

  Mutex stop_mu_;  // One Stop at a time; taken before mu_.
  std::unique_ptr<Thread> acceptor_ ABSL_GUARDED_BY(stop_mu_);

  Mutex mu_;
  bool ended_ ABSL_GUARDED_BY(mu_) = false;
};

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpServer::~HttpServer() = default;

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(HttpServerOptions options, const Metrics& metrics) {
  auto impl = std::make_unique<Impl>(std::move(options), metrics);
  RECBOTS_RETURN_IF_ERROR(impl->Listen());
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

const std::string& HttpServer::address() const { return impl_->address(); }
int HttpServer::port() const { return impl_->port(); }
void HttpServer::Stop() { impl_->Stop(); }

}  // namespace recbots
