#include "page.h"

#include <algorithm>

namespace scrim::report {
namespace {

constexpr char kStyle[] = R"(
:root { color-scheme: light dark; --ink: #1d2329; --soft: #5b6670; --line: #d9dee3; --ground: #fff; --mark: #eaf4ec; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e4e8ec; --soft: #9aa6b1; --line: #343c44; --ground: #14181c; --mark: #1d3324; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 68rem; padding: 1.5rem 1rem 4rem; background: var(--ground); color: var(--ink);
  font: 16px/1.55 system-ui, sans-serif; }
h1 { font-size: 1.8rem; line-height: 1.2; margin: 0 0 .5rem; }
h2 { font-size: 1.3rem; margin: 3rem 0 .5rem; padding-top: .5rem; border-top: 1px solid var(--line); }
p { max-width: 48rem; margin: .6rem 0; }
a { color: inherit; }
nav { columns: 2; margin: 1rem 0; }
@media (max-width: 40rem) { nav { columns: 1; } }
nav a { display: block; padding: .15rem 0; }
.note, .source { color: var(--soft); font-size: .85rem; }
.source code, pre { font-size: .8rem; overflow-wrap: anywhere; }
pre { white-space: pre-wrap; border: 1px solid var(--line); border-radius: .4rem; padding: .6rem; }
.wide { overflow-x: auto; margin: 1rem 0 .3rem; }
table { border-collapse: collapse; font-size: .92rem; font-variant-numeric: tabular-nums; }
th, td { padding: .25rem .7rem; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap; }
th { color: var(--soft); font-weight: 600; }
th:first-child, td:first-child { text-align: left; white-space: normal; min-width: 8rem; }
tr.marked td { background: var(--mark); font-weight: 600; }
figure { margin: 1rem 0 .3rem; }
img { max-width: 100%; height: auto; background: #fff; border: 1px solid var(--line); border-radius: .4rem; }
figcaption { color: var(--soft); font-size: .9rem; }
)";

}  // namespace

std::string Escape(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '"')
      out += "&quot;";
    else
      out += c;
  }
  return out;
}

void Page::Heading(const std::string& title) {
  const std::string id = "s" + std::to_string(++sections_);
  body_ += "<h2 id=\"" + id + "\">" + Escape(title) + "</h2>\n";
  contents_ += "<a href=\"#" + id + "\">" + Escape(title) + "</a>\n";
}

void Page::Paragraph(const std::string& text) { body_ += "<p>" + Escape(text) + "</p>\n"; }
void Page::Note(const std::string& text) { body_ += "<p class=\"note\">" + Escape(text) + "</p>\n"; }
void Page::Source(const std::string& text) {
  body_ += "<p class=\"source\">From <code>" + Escape(text) + "</code></p>\n";
}
void Page::Code(const std::string& text) { body_ += "<pre>" + Escape(text) + "</pre>\n"; }

void Page::Table(const Row& head, const std::vector<Row>& rows, const std::vector<size_t>& marked) {
  body_ += "<div class=\"wide\"><table>\n<tr>";
  for (const std::string& cell : head) body_ += "<th>" + Escape(cell) + "</th>";
  body_ += "</tr>\n";
  for (size_t i = 0; i < rows.size(); ++i) {
    body_ += std::find(marked.begin(), marked.end(), i) != marked.end() ? "<tr class=\"marked\">" : "<tr>";
    for (const std::string& cell : rows[i]) body_ += "<td>" + Escape(cell) + "</td>";
    body_ += "</tr>\n";
  }
  body_ += "</table></div>\n";
}

void Page::Picture(const std::string& file, const std::string& caption) {
  const std::string name = Escape(file), shown = Escape(caption);
  body_ += "<figure><a href=\"" + name + "\"><img src=\"" + name + "\" alt=\"" + shown +
           "\" loading=\"lazy\"></a><figcaption>" + shown + "</figcaption></figure>\n";
}

std::string Page::Html(const std::string& title) const {
  return "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" "
         "content=\"width=device-width, initial-scale=1\">\n<title>" +
         Escape(title) + "</title>\n<style>" + kStyle + "</style>\n<h1>" + Escape(title) + "</h1>\n<nav>\n" +
         contents_ + "</nav>\n" + body_ + "</html>\n";
}

}  // namespace scrim::report
