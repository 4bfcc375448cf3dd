// One static HTML page that grows from top to bottom.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "io/text.h"

namespace scrim::report {

using app::Text;

// Text for HTML.
std::string Escape(const std::string& text);

using Row = std::vector<std::string>;

class Page {
 public:
  void Heading(const std::string& title);
  // All of these take plain text.
  void Paragraph(const std::string& text);
  void Note(const std::string& text);    // smaller
  void Source(const std::string& text);  // from which command and file a figure came
  void Code(const std::string& text);
  // marked: index of a row that stands out, or -1.
  void Table(const Row& head, const std::vector<Row>& rows, const std::vector<size_t>& marked = {});
  // A picture beside the page; its name and what it shows.
  void Picture(const std::string& file, const std::string& caption);
  std::string Html(const std::string& title) const;

 private:
  std::string body_, contents_;
  int sections_ = 0;
};

}  // namespace scrim::report
