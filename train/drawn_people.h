// For tests: a folder data set that is drawn, dark ellipses for people before bright noise.
#pragma once

#include <filesystem>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <string>

namespace scrim::train {

// folder/images/p0.png, ... and folder/masks of the same names, 80×60 pixels.
inline void DrawPeople(const std::filesystem::path& folder, int count) {
  std::filesystem::create_directories(folder / "images");
  std::filesystem::create_directories(folder / "masks");
  for (int i = 0; i < count; ++i) {
    cv::Mat image(60, 80, CV_8UC3), mask = cv::Mat::zeros(60, 80, CV_8U);
    cv::randu(image, cv::Scalar::all(150), cv::Scalar::all(255));
    const cv::Point centre(20 + i * 2, 40);
    cv::ellipse(image, centre, {15, 22}, 0, 0, 360, cv::Scalar(40, 30, 60), cv::FILLED);
    cv::ellipse(mask, centre, {15, 22}, 0, 0, 360, cv::Scalar(255), cv::FILLED);
    const std::string name = "p" + std::to_string(i) + ".png";
    cv::imwrite((folder / "images" / name).string(), image);
    cv::imwrite((folder / "masks" / name).string(), mask);
  }
}

}  // namespace scrim::train
