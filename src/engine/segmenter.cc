#include "engine/segmenter.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "engine/stopwatch.h"

namespace scrim::engine {

StatusOr<std::unique_ptr<Segmenter>> Segmenter::Create(const graph::Model& model, const SegmenterOptions& options) {
  const graph::Density density = options.density == graph::Density{} ? model.density : options.density;
  SCRIM_ASSIGN_OR_RETURN(std::unique_ptr<nn::Program> program,
                         nn::Program::Compile(model, density, nn::ProgramOptions{options.target, options.threads}));
  InputSpec input;
  input.normalisation = {model.input_scale, model.input_offset};
  input.previous_mask = model.previous_mask;
  return Create(std::move(program), input, options);
}

StatusOr<std::unique_ptr<Segmenter>> Segmenter::Create(std::unique_ptr<nn::Program> program, const InputSpec& input,
                                                       const SegmenterOptions& options) {
  const int expected = input.previous_mask ? 4 : 3, channels = program->input().channels;
  if (channels != expected) {
    return Unsupported("model: the network has " + std::to_string(channels) + " input channels, its description says " +
                       std::to_string(expected));
  }
  return std::unique_ptr<Segmenter>(new Segmenter(std::move(program), input, options));
}

Segmenter::Segmenter(std::unique_ptr<nn::Program> program, const InputSpec& input, const SegmenterOptions& options)
    : program_(std::move(program)), input_(input), stabiliser_(options.stabiliser), refiner_(options.refiner) {
  const nn::TensorView tensor = program_->input();
  picture_.Resize(tensor.width, tensor.height, 4);
  mask_.Resize(tensor.width, tensor.height);
}

void Segmenter::Reset() {
  warm_ = false;
  stabiliser_.Reset();
}

void Segmenter::WriteInput(const image::ConstFrameView& frame) {
  sampler_.Sample(frame, &picture_);
  NativeToLuma(frame.format, picture_, &luma_);
  NativeToRgb(frame.format, frame.matrix, &picture_);
  const nn::TensorView tensor = program_->input();
  Normalise(picture_, input_.normalisation, tensor.data, tensor.row_stride, tensor.pixel_stride);
  if (!input_.previous_mask) return;
  for (int y = 0; y < tensor.height; ++y) {
    float* out = tensor.data + tensor.row_stride * y + 3;
    const float* in = mask_.row(y);
    for (int x = 0; x < tensor.width; ++x) out[x * tensor.pixel_stride] = warm_ ? in[x] : 0.f;
  }
}

Status Segmenter::ReadMask() {
  const float* output = program_->output();
  bool finite = true;
  for (size_t i = 0; i < mask_.size(); ++i) {
    finite &= std::isfinite(output[i]);
    mask_.data()[i] = std::clamp(output[i], 0.f, 1.f);
  }
  return finite ? Status() : Internal("model: the network's output is not a number; is the model damaged?");
}

Status Segmenter::Process(const image::ConstFrameView& frame, image::Bytes* alpha) {
  if (Status status = Validate(frame); !status.ok()) {
    *alpha = {};
    Reset();
    return status;
  }
  Stopwatch watch;
  program_->Wake();
  WriteInput(frame);
  times_.sample = watch.Lap();
  program_->Run();
  Status status = ReadMask();
  times_.network = watch.Lap();
  if (!status.ok()) {
    alpha->Resize(frame.width, frame.height);
    std::fill(alpha->data(), alpha->data() + alpha->size(), uint8_t{0});
    Reset();
    return status;
  }
  steady_ = mask_;
  stabiliser_.Process(picture_, &steady_);
  refiner_.Process(steady_, luma_, frame, alpha);
  times_.matte = watch.Lap();
  warm_ = true;
  return {};
}

}  // namespace scrim::engine
