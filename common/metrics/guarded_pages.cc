#include "common/metrics/guarded_pages.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "common/metrics/login_page.h"

namespace recbots {
namespace {

using Handled = httplib::Server::HandlerResponse;
using Verdict = PageGuard::Verdict;

constexpr char kTextType[] = "text/plain; charset=utf-8";
constexpr char kHtmlType[] = "text/html; charset=utf-8";

const char* Explain(Verdict verdict) {
  switch (verdict) {
    case Verdict::kWrong:
      return "That is another token than the one of this role.";
    case Verdict::kLimited:
      return "Too many wrong tokens came from your address. Please try again in a few seconds.";
    case Verdict::kMissing:
    case Verdict::kGranted:
      break;
  }
  return "";
}

const char* Line(Verdict verdict) {
  switch (verdict) {
    case Verdict::kWrong:
      return "another token than that of this role's --token_file\n";
    case Verdict::kLimited:
      return "too many wrong tokens from this address, want one per second at most\n";
    case Verdict::kMissing:
    case Verdict::kGranted:
      break;
  }
  return "no token, want that of this role's --token_file: Authorization: Bearer TOKEN\n";
}

void ShowForm(const std::string& role, const std::string& next, Verdict verdict, httplib::Response& response) {
  // The page runs and loads nothing, stands in no frame of another page, and sends its form nowhere else.
  response.set_header("Content-Security-Policy",
                      "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; "
                      "frame-ancestors 'none'");
  response.set_content(LoginHtml(role, next, Explain(verdict)), kHtmlType);
}

void Refuse(const std::string& role, const httplib::Request& request, const std::string& next, Verdict verdict,
            httplib::Response& response) {
  response.status = verdict == Verdict::kLimited ? 429 : 401;
  if (verdict == Verdict::kLimited) {
    response.set_header("Retry-After", "1");
  } else {
    response.set_header("WWW-Authenticate", "Bearer");
  }
  if (absl::StrContains(request.get_header_value("Accept"), "text/html")) {
    ShowForm(role, next, verdict, response);
  } else {
    response.set_content(Line(verdict), kTextType);
  }
}

void LetIn(const PageGuard& guard, const std::string& next, httplib::Response& response) {
  response.set_header("Set-Cookie", guard.MakeCookie());
  response.set_redirect(next, 303);
}

// Whether a request goes on to its page.
Handled Open(const std::string& role, PageGuard& guard, const httplib::Request& request, httplib::Response& response) {
  if (request.path == kHealthPath || request.path == kLoginPath) return Handled::Unhandled;
  const std::string next = SafeTarget(request.target);
  const bool in_target = request.has_param("token");
  const Verdict verdict = in_target ? guard.CheckToken(request.remote_addr, request.get_param_value("token"))
                                    : guard.CheckHeaders(request.remote_addr, request.get_header_value("Authorization"),
                                                         request.get_header_value("Cookie"));
  if (verdict == Verdict::kGranted && !in_target) return Handled::Unhandled;
  if (verdict == Verdict::kGranted) {
    LetIn(guard, next, response);
  } else {
    Refuse(role, request, next, verdict, response);
  }
  return Handled::Handled;
}

void AddLogin(const std::string& role, PageGuard& guard, HttpPages& pages) {
  pages.Get(kLoginPath, [role](const httplib::Request&, httplib::Response& response) {
    ShowForm(role, SafeTarget(""), Verdict::kMissing, response);
  });
  pages.Post(kLoginPath, [role, &guard](const httplib::Request& request, httplib::Response& response) {
    const std::string next = SafeTarget(request.get_param_value("next"));
    const std::string token = request.get_param_value("token");
    // Blanks and ends of lines come with copying; no token has any.
    const Verdict verdict = guard.CheckToken(request.remote_addr, absl::StripAsciiWhitespace(token));
    if (verdict == Verdict::kGranted) {
      LetIn(guard, next, response);
    } else {
      Refuse(role, request, next, verdict, response);
    }
  });
}

// A control is not looked for at an address with a token in it: it would be carried out on the way to another page.
Handled OpenControl(const std::string& role, PageGuard& guard, const httplib::Request& request,
                    httplib::Response& response) {
  const Verdict verdict = guard.CheckHeaders(request.remote_addr, request.get_header_value("Authorization"),
                                             request.get_header_value("Cookie"));
  if (verdict == Verdict::kGranted) return Handled::Unhandled;
  Refuse(role, request, SafeTarget(""), verdict, response);
  return Handled::Handled;
}

Handled RefuseMethod(const char* allowed, const char* want, httplib::Response& response) {
  response.status = 405;
  response.set_header("Allow", allowed);
  response.set_content(want, kTextType);
  return Handled::Handled;
}

}  // namespace

void GuardPages(const std::string& role, PageGuard* guard, std::vector<std::string> controls, HttpPages& pages) {
  pages.set_pre_routing_handler(
      [role, guard, controls = std::move(controls)](const httplib::Request& request, httplib::Response& response) {
        const bool reads = request.method == "GET" || request.method == "HEAD";
        const bool posts = request.method == "POST";
        if (std::find(controls.begin(), controls.end(), request.path) != controls.end()) {
          if (!posts) return RefuseMethod("POST", "POST only\n", response);
          return guard != nullptr ? OpenControl(role, *guard, request, response) : Handled::Unhandled;
        }
        if (reads && guard != nullptr) return Open(role, *guard, request, response);
        if (reads || (guard != nullptr && posts && request.path == kLoginPath)) return Handled::Unhandled;
        return RefuseMethod("GET, HEAD", "GET or HEAD only\n", response);
      });
  // Pages are kept in no cache, and no address of a page (which may have held a token) is handed on.
  pages.set_default_headers(
      {{"Cache-Control", "no-store"}, {"Referrer-Policy", "no-referrer"}, {"X-Content-Type-Options", "nosniff"}});
  if (guard != nullptr) AddLogin(role, *guard, pages);
}

}  // namespace recbots
