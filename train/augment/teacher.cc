#include "augment/teacher.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

namespace scrim::train {
namespace {

constexpr double kAgreement = 0.8;
constexpr int kStep = 16;  // scrimnet's sides are multiples of it

int Rounded(double side) { return std::max(1, static_cast<int>(std::lround(side / kStep))) * kStep; }

bool Agree(const cv::Mat& a, const cv::Mat& b) {
  const cv::Mat in_a = a > 127, in_b = b > 127;
  const double both = cv::countNonZero(in_a & in_b), any = cv::countNonZero(in_a | in_b);
  return both >= kAgreement * any;
}

}  // namespace

StatusOr<std::unique_ptr<Teacher>> Teacher::Open(const std::string& path, float share,
                                                 const std::vector<graph::Density>& samples) {
  SCRIM_ASSIGN_OR_RETURN(graph::Model model, graph::LoadModel(path));
  std::unique_ptr<Teacher> teacher(new Teacher(std::move(model), share));
  for (const graph::Density sample : samples) {
    const cv::Size size = teacher->SizeFor(sample.width, sample.height);
    SCRIM_ASSIGN_OR_RETURN(std::unique_ptr<nn::Program> program,
                           nn::Program::Compile(teacher->model_, {size.width, size.height}));
    teacher->Return(std::move(program));
  }
  return teacher;
}

cv::Size Teacher::SizeFor(int width, int height) const {
  const double scale =
      std::max(1., std::sqrt(double(model_.density.width) * model_.density.height / (double(width) * height)));
  return {Rounded(width * scale), Rounded(height * scale)};
}

void Teacher::Teach(cv::Mat& rgba) const {
  cv::Mat truth, mirrored, seen, again;
  cv::extractChannel(rgba, truth, 3);
  cv::flip(rgba, mirrored, 1);
  seen = Mask(rgba);
  cv::flip(Mask(mirrored), again, 1);
  cv::addWeighted(seen, 0.5, again, 0.5, 0, seen);
  if (!Agree(seen, truth)) return;
  cv::addWeighted(truth, 1. - share_, seen, share_, 0, truth);
  cv::insertChannel(truth, rgba, 3);
}

cv::Mat Teacher::Mask(const cv::Mat& rgba) const {
  std::unique_ptr<nn::Program> program = Borrow(rgba.size());
  const nn::TensorView input = program->input();
  for (int y = 0; y < input.height; ++y) {
    const auto* in = rgba.ptr<cv::Vec4b>(y);
    float* out = input.data + size_t(y) * input.row_stride;
    for (int x = 0; x < input.width; ++x, out += input.pixel_stride) {
      for (int c = 0; c < 3; ++c)
        out[c] = float(in[x][c]) * model_.input_scale[size_t(c)] + model_.input_offset[size_t(c)];
      if (input.channels > 3) out[3] = 0.f;
    }
  }
  program->Run();
  cv::Mat mask;
  cv::Mat(rgba.size(), CV_32F, const_cast<float*>(program->output())).convertTo(mask, CV_8U, 255.);
  Return(std::move(program));
  return mask;
}

std::unique_ptr<nn::Program> Teacher::Borrow(cv::Size size) const {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    auto& idle = idle_[{size.width, size.height}];
    if (!idle.empty()) {
      std::unique_ptr<nn::Program> program = std::move(idle.back());
      idle.pop_back();
      return program;
    }
  }
  // Another thread has the one that Open compiled.
  return std::move(nn::Program::Compile(model_, {size.width, size.height}).value());
}

void Teacher::Return(std::unique_ptr<nn::Program> program) const {
  const nn::TensorView input = program->input();
  std::lock_guard<std::mutex> lock(mutex_);
  idle_[{input.width, input.height}].push_back(std::move(program));
}

}  // namespace scrim::train
