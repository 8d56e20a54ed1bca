#include "common/metrics/http_controls.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace recbots {
namespace {

constexpr char kJsonType[] = "application/json";

// "host" of "host", "host:port", "[::1]:port".
absl::string_view HostOf(absl::string_view authority) {
  if (absl::StartsWith(authority, "[")) return authority.substr(0, authority.find(']') + 1);
  return authority.substr(0, authority.find(':'));
}

bool IsThisMachine(absl::string_view host) {
  return absl::EqualsIgnoreCase(host, "localhost") || host == "[::1]" ||
         (absl::StartsWith(host, "127.") && host.find_first_not_of("0123456789.") == absl::string_view::npos);
}

// As HttpTransport::Peer says it: ::1 is the only address of its network that anybody has.
bool IsLoopback(absl::string_view peer) { return absl::StartsWith(peer, "127.") || peer == "::/64"; }

absl::Status CheckSite(const httplib::Request& request, const ControlRules& rules) {
  const std::string site = request.get_header_value("Sec-Fetch-Site");
  if (!site.empty() && site != "same-origin") {
    return absl::PermissionDeniedError(
        absl::StrCat("the request comes from another page (Sec-Fetch-Site ", site, "), want the page of this role"));
  }
  const std::string origin = request.get_header_value("Origin"), host = request.get_header_value("Host");
  const std::string own = absl::StrCat(rules.tls ? "https://" : "http://", host);
  if (!origin.empty() && !absl::EqualsIgnoreCase(origin, own)) {
    return absl::PermissionDeniedError(absl::StrCat("the request comes from another page (Origin ",
                                                    origin.substr(0, 100), "), want ", own.substr(0, 100)));
  }
  return absl::OkStatus();
}

absl::Status CheckMachine(const httplib::Request& request) {
  constexpr char kHow[] =
      "; controls without a token are for the machine of the role alone: start all roles with --token_file=FILE "
      "(docs/security.md), and show the token";
  if (!IsLoopback(request.remote_addr)) {
    return absl::PermissionDeniedError(absl::StrCat("the request comes from ", request.remote_addr, kHow));
  }
  if (request.has_header("X-Forwarded-For") || request.has_header("Forwarded")) {
    return absl::PermissionDeniedError(absl::StrCat("the request comes by a proxy", kHow));
  }
  const std::string host(HostOf(request.get_header_value("Host")));
  if (!IsThisMachine(host)) {
    return absl::PermissionDeniedError(
        absl::StrCat("the request asks for the host '", host.substr(0, 100), "', want localhost or 127.0.0.1", kHow));
  }
  return absl::OkStatus();
}

std::string ErrorJson(absl::string_view message) {
  const nlohmann::json error = {{"error", message}};
  return error.dump(-1, ' ', /*ensure_ascii=*/true, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace

absl::Status CheckControl(const httplib::Request& request, const ControlRules& rules) {
  const std::string type = request.get_header_value("Content-Type");
  if (!absl::EqualsIgnoreCase(absl::StripAsciiWhitespace(type.substr(0, type.find(';'))), kJsonType)) {
    return absl::InvalidArgumentError(absl::StrCat("Content-Type '", type.substr(0, 100), "', want ", kJsonType));
  }
  if (absl::Status site = CheckSite(request, rules); !site.ok()) return site;
  return rules.has_token ? absl::OkStatus() : CheckMachine(request);
}

void AddControl(const std::string& path, const ControlRules& rules,
                std::function<WebPage::Answer(const std::string& body)> act, HttpPages& pages) {
  pages.Post(path, [rules, act = std::move(act)](const httplib::Request& request, httplib::Response& response) {
    const absl::Status taken = CheckControl(request, rules);
    WebPage::Answer answer;
    if (taken.ok()) {
      answer = act(request.body);
    } else {
      answer = {absl::IsInvalidArgument(taken) ? 415 : 403, ErrorJson(taken.message())};
    }
    response.status = answer.status;
    response.set_content(std::move(answer.body), kJsonType);
  });
}

}  // namespace recbots
