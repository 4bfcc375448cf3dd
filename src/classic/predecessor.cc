#include "classic/predecessor.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "classic/picture_method.h"

namespace scrim::classic {
namespace {

constexpr Parameter kSide{"side", 640, 0, image::kMaxSide, "frames are shrunk to this longest side; 0: never"};
constexpr Parameter kLeast{"least", 0.005, 0, 1, "smaller regions are dropped, share of the picture"};

std::vector<Parameter> Regions(std::vector<Parameter> own, double gap) {
  own.push_back({"fill", 1, 0, 1, "1: the regions that the edges enclose; 0: the edges themselves"});
  own.push_back({"gap", gap, 0, 100, "gaps in the outline up to twice this wide are closed"});
  own.push_back(kLeast);
  return own;
}

// rate, and thresholds of the methods: what serves them best on testdata/clips/one-by-one.mp4, where somebody stands
// still for ten seconds.
std::vector<Parameter> Subtraction(std::vector<Parameter> own, double rate) {
  const Parameter shared[] = {
      {"rate", rate, -1, 1, "how fast the room is learned, share of a frame; -1: 1 / history"},
      {"median", 5, 0, 31, "width of the median that takes specks away, odd"},
      {"close", 5, 0, 100, "gaps up to twice this wide are closed"},
      {"fill", 1, 0, 1, "1: holes within the foreground are filled"},
      kLeast,
      kSide,
  };
  own.insert(own.end(), std::begin(shared), std::end(shared));
  return own;
}

std::string Number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%g", value);
  return text;
}

Status Set(const std::string& assignment, const Method& method, Values& values) {
  const std::string who = std::string(method.name) + ": ";
  const size_t equals = assignment.find('=');
  const std::string name = assignment.substr(0, equals);
  const auto known = std::find_if(method.parameters.begin(), method.parameters.end(),
                                  [&](const Parameter& p) { return name == p.name; });
  if (known == method.parameters.end()) {
    std::string names;
    for (const Parameter& p : method.parameters) names += (names.empty() ? "" : ", ") + std::string(p.name);
    return InvalidArgument(who + "there is no parameter '" + name + "'; there are " + names);
  }
  const std::string text = equals == std::string::npos ? "" : assignment.substr(equals + 1);
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (text.empty() || *end != '\0' || !(value >= known->least && value <= known->most))
    return InvalidArgument(who + name + "=" + text + ": a number from " + Number(known->least) + " to " +
                           Number(known->most) + " is wanted");
  values[name] = value;
  return {};
}

}  // namespace

const std::vector<Method>& Methods() {
  static const std::vector<Method> methods = {
      {"canny", "Canny's edges (Canny 1986, A computational approach to edge detection)",
       [] {
         std::vector<Parameter> own = Regions({{"low", 40, 0, 5000, "weakest gradient that goes on an edge"},
                                               {"high", 120, 0, 5000, "weakest gradient that begins an edge"},
                                               {"blur", 1.4, 0, 50, "sigma of the Gaussian before"}},
                                              3);
         own.push_back(kSide);
         return own;
       }()},
      {"gmg", "GMG (Godbehere, Matsukawa and Goldberg 2012, Visual tracking of human visitors under variable-lighting)",
       Subtraction({{"frames", 30, 1, 10000, "frames from which the room is learned first"},
                    {"threshold", 0.8, 0, 1, "probability above which a pixel is foreground"}},
                   -1)},
      {"knn", "KNN (Zivkovic and van der Heijden 2006, Efficient adaptive density estimation per image pixel)",
       Subtraction({{"history", 500, 1, 100000, "frames that the room is learned from"},
                    {"threshold", 400, 0, 1e6, "squared distance of a colour from its neighbours"},
                    {"shadows", 1, 0, 1, "1: shadows are told from people"}},
                   -1)},
      {"mog", "MOG (KaewTraKulPong and Bowden 2001, An improved adaptive background mixture model)",
       Subtraction({{"history", 200, 1, 100000, "frames that the room is learned from"},
                    {"mixtures", 5, 1, 32, "Gaussians for a pixel"},
                    {"background", 0.7, 0, 1, "share of the time that belongs to the room"},
                    {"noise", 0, 0, 255, "the camera's noise; 0: a default"}},
                   0.001)},
      {"mog2", "MOG2 (Zivkovic 2004, Improved adaptive Gaussian mixture model for background subtraction)",
       Subtraction({{"history", 500, 1, 100000, "frames that the room is learned from"},
                    {"threshold", 40, 0, 1e6, "squared distance of a colour from its Gaussians, in deviations"},
                    {"shadows", 1, 0, 1, "1: shadows are told from people"}},
                   0.001)},
      {"edges", "learned edges (after Xie and Tu 2015, Holistically-nested edge detection; scrimnet is the network)",
       Regions({{"threshold", 0.2, 0, 1, "probability above which a pixel is an edge"}}, 7)},
  };
  return methods;
}

StatusOr<std::unique_ptr<Predecessor>> Create(const std::string& text, const std::string& edge_model) {
  const size_t colon = std::min(text.find(':'), text.size());
  const std::string name = text.substr(0, colon);
  const auto method = std::find_if(Methods().begin(), Methods().end(), [&](const Method& m) { return name == m.name; });
  if (method == Methods().end())
    return NotFound("there is no method '" + name + "'; there are canny, gmg, knn, mog, mog2 and edges");
  Values values;
  for (const Parameter& p : method->parameters) values[p.name] = p.value;
  for (size_t begin = colon + 1; begin < text.size();) {
    const size_t end = std::min(text.find(',', begin), text.size());
    SCRIM_RETURN_IF_ERROR(Set(text.substr(begin, end - begin), *method, values));
    begin = end + 1;
  }
  if (name == "canny") return MakeCanny(values);
  if (name == "edges") return MakeLearnedEdges(values, edge_model);
  return MakeSubtractor(name, values);
}

}  // namespace scrim::classic
