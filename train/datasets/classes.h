// Photos whose parts are labelled: hair, skin and the like, for further planes of the network.
#pragma once

#include <map>
#include <string>

#include "datasets/example.h"

namespace scrim::train {

// How a plane's pixels are stored, 8 bit: probability in 254ths, or unknown.
constexpr int kPlaneYes = 254, kPlaneUnknown = 255;

// FOLDER/classes.json and FOLDER/classes/STEM.png, whose bytes are classes. The JSON has an object "planes": for each
// plane by its name, "yes" and "no" list the classes that belong to it and that do not; a class in neither is unknown.
// With "largest": true, all but the largest piece is unknown: where a class for hair holds brows, too.
// The person's plane is not taken: a photo has its mask for that.
class Classes {
 public:
  // Errors name the file and what is wrong in it.
  static StatusOr<Classes> Read(const std::string& folder);

  // Gives the example the planes of its stem, if there is a file for it.
  bool AddTo(Example& example) const;

 private:
  struct Rule {
    cv::Mat table;  // what a class is stored as, 256 bytes
    bool largest = false;
  };
  static StatusOr<Planes> Look(const std::string& path, const std::map<std::string, Rule>& rules, cv::Size size);

  std::string folder_;
  std::map<std::string, Rule> rules_;  // by the plane's name
};

}  // namespace scrim::train
