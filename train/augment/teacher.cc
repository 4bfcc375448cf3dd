#include "augment/teacher.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <mutex>
#include <opencv2/imgproc.hpp>
#include <utility>

#include "graph/model.h"
#include "nn/program.h"

namespace scrim::train {
namespace {

constexpr double kAgreement = 0.8;

bool Agree(const cv::Mat& a, const cv::Mat& b) {
  const cv::Mat in_a = a > 127, in_b = b > 127;
  const double both = cv::countNonZero(in_a & in_b), any = cv::countNonZero(in_a | in_b);
  return both >= kAgreement * any;
}

cv::Mat Resized(const cv::Mat& picture, cv::Size size) {
  if (picture.size() == size) return picture;
  cv::Mat resized;
  const bool smaller = size.width < picture.cols && size.height < picture.rows;
  cv::resize(picture, resized, size, 0, 0, smaller ? cv::INTER_AREA : cv::INTER_LINEAR);
  return resized;
}

}  // namespace

// One of the models. Thread-safe.
struct Teacher::Reader {
  explicit Reader(graph::Model m) : model(std::move(m)), shapes(graph::ShapesOf(model)) {}

  graph::Density DensityFor(cv::Size size) const { return graph::NearestShape(shapes, size.width, size.height); }

  Status Prepare(cv::Size size) {
    SCRIM_ASSIGN_OR_RETURN(std::unique_ptr<nn::Program> program, Borrow(DensityFor(size)));
    Return(std::move(program));
    return {};
  }

  // rgba: of any size; the mask (CV_32F, 0..1) has the same.
  cv::Mat Mask(const cv::Mat& rgba) {
    const graph::Density density = DensityFor(rgba.size());
    const cv::Mat seen = Resized(rgba, {density.width, density.height});
    std::unique_ptr<nn::Program> program = Borrow(density).value();  // Prepare has shown that it compiles
    const nn::TensorView input = program->input();
    for (int y = 0; y < input.height; ++y) {
      const auto* in = seen.ptr<cv::Vec4b>(y);
      float* out = input.data + size_t(y) * input.row_stride;
      for (int x = 0; x < input.width; ++x, out += input.pixel_stride) {
        for (int c = 0; c < 3; ++c)
          out[c] = float(in[x][c]) * model.input_scale[size_t(c)] + model.input_offset[size_t(c)];
        if (input.channels > 3) out[3] = 0.f;
      }
    }
    program->Run();
    const cv::Mat mask =
        Resized(cv::Mat(density.height, density.width, CV_32F, const_cast<float*>(program->output())), rgba.size())
            .clone();
    Return(std::move(program));
    return mask;
  }

  const graph::Model model;
  const std::vector<graph::Density> shapes;

 private:
  // One that no thread uses, or a new one.
  StatusOr<std::unique_ptr<nn::Program>> Borrow(graph::Density density) {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      auto& idle = idle_[{density.width, density.height}];
      if (!idle.empty()) {
        std::unique_ptr<nn::Program> program = std::move(idle.back());
        idle.pop_back();
        return program;
      }
    }
    return nn::Program::Compile(model, density);
  }

  void Return(std::unique_ptr<nn::Program> program) {
    const nn::TensorView input = program->input();
    std::lock_guard<std::mutex> lock(mutex_);
    idle_[{input.width, input.height}].push_back(std::move(program));
  }

  std::mutex mutex_;
  // Those that no thread uses now, by width and height.
  std::map<std::pair<int, int>, std::vector<std::unique_ptr<nn::Program>>> idle_;
};

Teacher::Teacher(std::vector<std::unique_ptr<Reader>> readers, float share)
    : readers_(std::move(readers)), share_(share) {}
Teacher::~Teacher() = default;

StatusOr<std::unique_ptr<Teacher>> Teacher::Open(const std::vector<std::string>& paths, float share,
                                                 const std::vector<graph::Density>& samples) {
  std::vector<std::unique_ptr<Reader>> readers;
  for (const std::string& path : paths) {
    SCRIM_ASSIGN_OR_RETURN(graph::Model model, graph::LoadModel(path));
    readers.push_back(std::make_unique<Reader>(std::move(model)));
  }
  std::unique_ptr<Teacher> teacher(new Teacher(std::move(readers), share));
  for (const graph::Density sample : samples)
    for (const auto& reader : teacher->readers_)
      SCRIM_RETURN_IF_ERROR(reader->Prepare(teacher->SizeFor(sample.width, sample.height)));
  return teacher;
}

cv::Size Teacher::SizeFor(int width, int height) const {
  double pixels = double(width) * height;
  for (const auto& reader : readers_)
    pixels = std::max(pixels, double(reader->model.density.width) * reader->model.density.height);
  const double scale = std::sqrt(pixels / (double(width) * height));
  return {int(std::lround(width * scale)), int(std::lround(height * scale))};
}

void Teacher::Teach(cv::Mat& rgba) const {
  cv::Mat truth, seen = cv::Mat::zeros(rgba.size(), CV_32F);
  cv::extractChannel(rgba, truth, 3);
  for (const auto& reader : readers_) seen += reader->Mask(rgba);
  seen.convertTo(seen, CV_8U, 255. / double(readers_.size()));
  if (!Agree(seen, truth)) return;
  cv::addWeighted(truth, 1. - share_, seen, share_, 0, truth);
  cv::insertChannel(truth, rgba, 3);
}

}  // namespace scrim::train
