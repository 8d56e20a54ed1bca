#include "common/metrics/login_page.h"

#include <algorithm>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/metrics/html.h"

namespace recbots {
namespace {

constexpr char kDefaultTarget[] = "/statusz";
constexpr char kHead[] = R"(<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
:root { color-scheme: light dark; --wrong: #b00020; }
@media (prefers-color-scheme: dark) { :root { --wrong: #ff8a80; } }
body { font: 16px/1.4 system-ui, sans-serif; max-width: 24rem; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.3rem; margin: 0; }
label { display: block; margin: 1rem 0 .3rem; font-weight: bold; }
input, button { font: inherit; width: 100%; box-sizing: border-box; padding: .6rem; min-height: 2.75rem; }
button { margin-top: 1rem; }
code { overflow-wrap: anywhere; }
.wrong { color: var(--wrong); font-weight: bold; }
</style>
)";

}  // namespace

std::string LoginHtml(absl::string_view role, absl::string_view next, absl::string_view trouble) {
  const std::string title = EscapeHtml(role);
  std::string page = absl::StrCat(
      kHead, "<title>Token wanted - recbots ", title, "</title></head><body><main>\n<h1>recbots ", title,
      "</h1>\n<p id=\"what\">These pages want the token that all roles of this cluster share: the line in the file of "
      "the flag <code>--token_file</code>.</p>\n");
  if (!trouble.empty()) {
    absl::StrAppend(&page, "<p class=\"wrong\" role=\"alert\" id=\"trouble\">", EscapeHtml(trouble), "</p>\n");
  }
  absl::StrAppend(&page, "<form method=\"post\" action=\"", kLoginPath,
                  "\">\n<label for=\"token\">Token</label>\n<input id=\"token\" name=\"token\" type=\"password\" "
                  "required autofocus "
                  "autocomplete=\"current-password\" aria-describedby=\"what\"",
                  trouble.empty() ? "" : " aria-invalid=\"true\" aria-errormessage=\"trouble\"",
                  ">\n<input name=\"next\" type=\"hidden\" value=\"", EscapeHtml(next),
                  "\">\n<button type=\"submit\">Show the pages</button>\n</form>\n</main></body></html>\n");
  return page;
}

std::string SafeTarget(absl::string_view target) {
  const bool odd =
      std::any_of(target.begin(), target.end(), [](char c) { return c <= ' ' || c > '~' || c == '\\' || c == '#'; });
  // Browsers take "//host" for another server. /login itself would only ask for the token again.
  if (odd || !absl::StartsWith(target, "/") || absl::StartsWith(target, "//")) return kDefaultTarget;
  const std::pair<absl::string_view, absl::string_view> parts = absl::StrSplit(target, absl::MaxSplits('?', 1));
  if (parts.first == kLoginPath) return kDefaultTarget;
  std::vector<absl::string_view> kept = absl::StrSplit(parts.second, '&', absl::SkipEmpty());
  std::erase_if(kept, [](absl::string_view part) { return part == "token" || absl::StartsWith(part, "token="); });
  return absl::StrCat(parts.first, kept.empty() ? "" : "?", absl::StrJoin(kept, "&"));
}

}  // namespace recbots
