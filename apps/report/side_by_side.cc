#include <filesystem>

#include "sections.h"

namespace scrim::report {

// Networks of others whose terms allow to show what they find, with the preprocessing that they were trained with.
Status AddSideBySide(const Setup& setup, Page& page) {
  const struct {
    const char *file, *name;
    std::vector<std::string> preprocessing;
  } kPeers[] = {
      {"mediapipe_selfie_general_256x256.onnx", "mediapipe", {}},
      {"pphumanseg_lite_portrait_398x224.onnx", "pp-humanseg", {"--scale", "0.00784314", "--offset", "-1"}},
      {"sinet_320x320.onnx",
       "sinet",
       {"--bgr", "--scale", "5.74204e-05,6.02086e-05,6.13015e-05", "--offset", "-0.00759979,-0.00696607,-0.0065779"}},
  };
  std::vector<std::string> arguments{
      "compare", "testdata/photos", "--masks", "testdata/masks", "--methods",
      "default", "quality",         "lite",    "--output",       setup.output + "/side-by-side.jpg",
      "--quiet"};
  std::string shown;
  for (const auto& peer : kPeers) {
    const std::string onnx = setup.shared + "/peers/" + peer.file, model = setup.work + "/" + peer.name + ".scrim";
    std::error_code error;
    if (!std::filesystem::exists(onnx, error)) continue;
    std::vector<std::string> convert{"convert", onnx, model};
    convert.insert(convert.end(), peer.preprocessing.begin(), peer.preprocessing.end());
    SCRIM_RETURN_IF_ERROR(Run(setup.scrim, convert, setup.work));
    arguments.insert(arguments.end(), {"--model", model});
    shown += std::string(shown.empty() ? "" : ", ") + peer.name;
  }
  SCRIM_RETURN_IF_ERROR(Run(setup.scrim, arguments, setup.work));
  page.Heading("The same pictures, system by system");
  page.Paragraph(
      "What each takes for the person of testdata's photos, as a first frame, along the frame's own edges; the rest is "
      "green." +
      (shown.empty() ? std::string() : " Beside scrim's three models: " + shown + "."));
  page.Picture("side-by-side.jpg", "Rows are systems, columns are photos");
  page.Source(Shown(setup.scrim, arguments));
  return {};
}

}  // namespace scrim::report
