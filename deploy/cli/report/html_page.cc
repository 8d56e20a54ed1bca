#include "deploy/cli/report/html_page.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "deploy/cli/report/report_text.h"

namespace recbots {
namespace {

// The Content-Security-Policy: the page shows what is inside it, and may ask no host.
constexpr char kHead[] = R"html(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>recbots: comparison of runs</title>
<style>
:root { color-scheme: light dark; --text: #1d232a; --soft: #566070; --line: #d5dbe3; --page: #ffffff; --head: #f2f5f9; }
@media (prefers-color-scheme: dark) {
  :root { --text: #e4e9f0; --soft: #a3adbb; --line: #39424f; --page: #14181d; --head: #1f252d; }
}
body { margin: 0 auto; max-width: 1200px; padding: 1.5rem 1rem 3rem; font: 15px/1.5 system-ui, sans-serif; color: var(--text);
       background: var(--page); }
h1 { font-size: 1.6rem; margin: 0 0 0.25rem; }
h2 { font-size: 1.15rem; margin: 2.25rem 0 0.25rem; }
p { margin: 0.25rem 0 0.75rem; color: var(--soft); max-width: 85ch; }
figure { margin: 1.5rem 0; }
figure svg { display: block; width: 100%; height: auto; max-width: 900px; border: 1px solid var(--line); border-radius: 6px; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { text-align: left; vertical-align: top; padding: 0.35rem 0.9rem 0.35rem 0; border-bottom: 1px solid var(--line); }
thead th { background: var(--head); font-weight: 600; white-space: nowrap; }
thead th:first-child, tbody tr > :first-child { padding-left: 0.6rem; }
tbody th { font-weight: 500; }
td { white-space: nowrap; }
td:last-child { white-space: normal; }
</style>
</head>
<body>
<main>
<h1>Comparison of runs</h1>
)html";

std::string Escape(const std::string& text) {
  return absl::StrReplaceAll(text, {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}});
}

void AddTable(const ReportTable& table, size_t number, std::string& page) {
  const std::string id = absl::StrCat("table", number);
  absl::StrAppend(&page, "<h2 id=\"", id, "\">", Escape(table.title), "</h2>\n<p>", Escape(table.note), "</p>\n");
  // A part that scrolls must be reachable by keyboard, and have a name.
  absl::StrAppend(&page, "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-labelledby=\"", id,
                  "\">\n<table aria-labelledby=\"", id, "\">\n<thead><tr>");
  for (const std::string& column : table.columns) absl::StrAppend(&page, "<th scope=\"col\">", Escape(column), "</th>");
  page += "</tr></thead>\n<tbody>\n";
  for (const std::vector<std::string>& row : table.rows) {
    page += "<tr>";
    for (size_t i = 0; i < row.size(); ++i) {
      const bool name = i == 0 && table.rows_have_names;
      absl::StrAppend(&page, name ? "<th scope=\"row\">" : "<td>", Escape(row[i]), name ? "</th>" : "</td>");
    }
    page += "</tr>\n";
  }
  page += "</tbody>\n</table>\n</div>\n";
}

}  // namespace

std::string ReportHtml(const RunReport& report, const std::string& made_by) {
  std::string page = absl::StrCat(kHead, "<p>", Escape(made_by), "</p>\n");
  const std::vector<Plot> plots = ReportPlots(report);
  for (const Plot& plot : plots) absl::StrAppend(&page, "<figure>\n", RenderSvg(plot), "</figure>\n");
  if (!plots.empty()) {
    page +=
        "<p>Bands are 95 % t intervals of the mean over seeds, over the env steps that all runs of a group have "
        "made.</p>\n";
  }
  size_t number = 0;
  for (const ReportTable& table : ReportTables(report)) AddTable(table, ++number, page);
  return page + "</main>\n</body>\n</html>\n";
}

}  // namespace recbots
