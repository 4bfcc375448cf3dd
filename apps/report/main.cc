// Makes docs/report anew: see `make report`. Runs in the repository's root.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>

#include "io/output_file.h"
#include "sections.h"

namespace scrim::report {
namespace {

Status Make(const Setup& setup) {
  std::error_code error;
  for (const std::string& folder : {setup.output, setup.work}) {
    std::filesystem::create_directories(folder, error);
    if (error) return IoError(folder + ": the folder cannot be made: " + error.message());
  }
  if (!std::filesystem::exists("testdata/LICENCES.md", error))
    return NotFound("testdata/LICENCES.md: is not here; run `make report` in the repository");
  SCRIM_ASSIGN_OR_RETURN(const Photos photos, PreparePhotos(setup));
  Page page;
  page.Paragraph(
      "Made by `make report`, which runs scrim's own commands and draws what they write. Each figure says from which "
      "command and file it came.");
  page.Paragraph(photos.research
                     ? "Photos: " + photos.name + "."
                     : "The research data is not there: photo figures are those of the six samples of testdata/.");
  SCRIM_RETURN_IF_ERROR(AddSideBySide(setup, page));
  SCRIM_RETURN_IF_ERROR(AddQuality(setup, photos, page));
  SCRIM_RETURN_IF_ERROR(AddPredecessors(setup, photos, page));
  SCRIM_RETURN_IF_ERROR(AddDensity(setup, photos, page));
  SCRIM_RETURN_IF_ERROR(AddAblation(setup, page));
  SCRIM_RETURN_IF_ERROR(AddCurves(setup, page));
  SCRIM_RETURN_IF_ERROR(AddTimes(setup, page));
  SCRIM_RETURN_IF_ERROR(AddFailures(setup, page));
  const std::string html = page.Html("scrim: predecessors, peers and proof");
  return app::WriteFile(setup.output + "/index.html", {html.begin(), html.end()});
}

int Main(int argc, char** argv) {
  CLI::App app("makes scrim's report");
  Setup setup;
  setup.shared = "../shared", setup.output = "docs/report", setup.work = "build/report";
  app.add_option("--scrim", setup.scrim, "the program scrim")->required();
  app.add_option("--talking-heads", setup.talking_heads, "the program talking_heads")->required();
  app.add_option("--shared", setup.shared, "folder that holds the research data in data/")->capture_default_str();
  app.add_option("--output", setup.output, "folder of the report")->capture_default_str();
  app.add_option("--work", setup.work, "folder for what is not kept")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  const Status status = Make(setup);
  if (status.ok()) {
    std::printf("%s/index.html\n", setup.output.c_str());
    return 0;
  }
  std::fprintf(stderr, "scrim-report: %s\n", status.message().c_str());
  return 1;
}

}  // namespace
}  // namespace scrim::report

int main(int argc, char** argv) {
  try {
    return scrim::report::Main(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "scrim-report: %s\n", error.what());
    return 1;
  }
}
