// Of whom a role takes a POST that changes something, and what the others are told.
//
// A control is meant for people who look at the role's own page, and for scripts. A page of another site that runs in
// the same browser must not be able to use it. So a POST is taken only if
//   it says Content-Type: application/json. A form of another site cannot say that. A script of another site makes the
//   browser ask for permission first (a preflight request), and this server gives none;
//   its Sec-Fetch-Site, where a browser sends one, is same-origin;
//   its Origin, where there is one, is the host that it asks.
// Where the role has a token, the POST must show it as any other request does (guarded_pages.h). Where it has none,
// only clients on the same machine are heard, who ask for it by a name of this machine (a name of another site may have
// been made to lead here), and who come by no proxy.
#pragma once

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "common/metrics/http_pages.h"
#include "common/metrics/http_server.h"

namespace recbots {

struct ControlRules {
  bool has_token = false;  // Whether the guard has already asked for the token.
  bool tls = false;
};

// OK: the POST is taken.
//   INVALID_ARGUMENT   it is no JSON by its header (415)
//   PERMISSION_DENIED  it comes from another site, or, where there is no token, from another machine (403); the
//                      message says what to do
absl::Status CheckControl(const httplib::Request& request, const ControlRules& rules);

// Adds `act` at `path` for POST: `act` gets the body of a request that CheckControl takes; others are answered with its
// error as JSON, {"error": "..."}. `act` must be thread-safe.
void AddControl(const std::string& path, const ControlRules& rules,
                std::function<WebPage::Answer(const std::string& body)> act, HttpPages& pages);

}  // namespace recbots
