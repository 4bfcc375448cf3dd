// A photo and what is known of the people in it, before anything is decoded.
#pragma once

#include <functional>
#include <map>
#include <opencv2/core.hpp>
#include <string>
#include <vector>

#include "base/status.h"

namespace scrim::train {

enum class Role {
  kPhoto,       // a photo with its mask
  kForeground,  // a person before a plain studio wall, only to be composited onto backgrounds
  kBackground,  // a photo without people
};

// All of the photo's size, 8 bit.
struct Labels {
  cv::Mat person;   // 255 where somebody is; several people are one mask
  cv::Mat ignored;  // 255 where the annotators did not say; empty: nowhere
};

// Further planes by their names, as classes.h stores them.
using Planes = std::map<std::string, cv::Mat>;

struct Example {
  std::string source;  // the data set's name
  std::string stem;    // unique within the source
  std::string image;   // path
  Role role = Role::kPhoto;
  // Draws the labels of a photo of this size. Called from any thread. Errors name the file or the record. Not called
  // for backgrounds.
  std::function<StatusOr<Labels>(cv::Size)> labels;
  bool annotated_scene = false;  // hard outlines of a scene with people, to be prepared (prepare.h)
  std::function<StatusOr<Planes>(cv::Size)> planes{};  // as `labels`, for these; empty: there are none
};

// What a reader found. Broken records are left out and listed, a line each.
struct Examples {
  std::vector<Example> examples;
  std::vector<std::string> broken;
};

// The last part of a folder's path: the name of a source.
std::string FolderName(const std::string& folder);

}  // namespace scrim::train
