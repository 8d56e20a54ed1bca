// The token in front of pages: what a browser, Prometheus and a script are told that come without it.
//
// /healthz stays open: probes have no secret, and the page gives away no more than ok or not ok. Every other path wants
//   Authorization: Bearer TOKEN   from programs;
//   a cookie                      from browsers, which get it at the login page or with ?token=TOKEN.
// Without either, a client that accepts text/html gets the login page, every other one a line of text, both with 401.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/metrics/http_pages.h"
#include "common/metrics/page_guard.h"

namespace recbots {

inline constexpr char kHealthPath[] = "/healthz";

// Puts `guard` (nullptr: all pages are open) in front of all routes of `pages`, and adds /login. `role` is shown on the
// login page. `controls` are the paths that take a POST (http_controls.h). `pages` and `guard` must outlive all
// requests; no other pre-routing handler may be set.
void GuardPages(const std::string& role, PageGuard* guard, std::vector<std::string> controls, HttpPages& pages);

}  // namespace recbots
