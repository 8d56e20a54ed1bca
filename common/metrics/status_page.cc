#include "common/metrics/status_page.h"

#include "absl/strings/str_cat.h"
#include "common/metrics/html.h"

namespace recbots {
namespace {

constexpr char kHead[] = R"(<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="2">
<style>
:root { color-scheme: light dark; --line: #8884; --soft: #8888; }
body { font: 16px/1.4 system-ui, sans-serif; max-width: 44rem; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.3rem; margin: 0; } h2 { font-size: 1rem; margin: 1.4rem 0 .3rem; }
p { margin: .2rem 0; color: var(--soft); } a { color: inherit; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .3rem .5rem .3rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th { font-weight: normal; width: 45%; }
td { font-variant-numeric: tabular-nums; overflow-wrap: anywhere; white-space: pre-wrap; }
</style>
)";

std::string UptimeText(absl::Duration uptime) { return absl::FormatDuration(absl::Trunc(uptime, absl::Seconds(1))); }

}  // namespace

std::string StatusHtml(absl::string_view role, absl::Duration uptime, const std::vector<StatusSection>& sections) {
  const std::string title = EscapeHtml(role);
  std::string page = absl::StrCat(kHead, "<title>", title, " - recbots</title></head><body>\n<h1>recbots ", title,
                                  "</h1>\n<p>up ", UptimeText(uptime),
                                  " &middot; <a href=\"/metrics\">metrics</a> &middot; <a href=\"/healthz\">health</a>"
                                  " &middot; <a href=\"/statusz?format=text\">text</a></p>\n");
  for (const StatusSection& section : sections) {
    absl::StrAppend(&page, "<h2>", EscapeHtml(section.title), "</h2>\n<table>\n");
    for (const auto& [name, value] : section.rows) {
      absl::StrAppend(&page, "<tr><th scope=\"row\">", EscapeHtml(name), "</th><td>", EscapeHtml(value),
                      "</td></tr>\n");
    }
    absl::StrAppend(&page, "</table>\n");
  }
  return absl::StrCat(page, "</body></html>\n");
}

std::string StatusText(absl::string_view role, absl::Duration uptime, const std::vector<StatusSection>& sections) {
  std::string text = absl::StrCat(role, ", up ", UptimeText(uptime), "\n");
  for (const StatusSection& section : sections) {
    absl::StrAppend(&text, "\n", section.title, "\n");
    for (const auto& [name, value] : section.rows) absl::StrAppend(&text, "  ", name, ": ", value, "\n");
  }
  return text;
}

}  // namespace recbots
