#include "gpu.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "gpu/frame_path.h"
#include "gpu/lower.h"
#include "nn/program.h"

using scrim::gpu::FrameOptions;
using scrim::gpu::Plan;
using Kind = scrim::compose::Background::Kind;

struct scrim_gpu {
  scrim::graph::Model model;
  Plan plan;  // the last one
  std::string json;
  std::unique_ptr<scrim::nn::Program> program;
};

namespace {

FrameOptions ToOptions(const scrim::graph::Model& model, const scrim_params& params, const scrim_gpu_options& options) {
  FrameOptions to;
  to.width = options.frame_width, to.height = options.frame_height;
  to.network = {options.network_width, options.network_height};
  to.external = options.external != 0;
  to.normalisation = {model.input_scale, model.input_offset};
  to.previous_mask = model.previous_mask, to.previous_mask_rule = model.previous_mask_rule;
  to.loop.stabiliser.enabled = params.stabilise != 0;
  to.loop.regions.enabled = params.remove_islands != 0;
  to.refiner.guided = params.refine_edges != 0;
  to.refiner.low = params.level_low, to.refiner.high = params.level_high;
  to.edges = {params.decontaminate_edges != 0, params.light_wrap};
  const auto byte = [](int value) { return static_cast<uint8_t>(std::clamp(value, 0, 255)); };
  to.color = {byte(options.red), byte(options.green), byte(options.blue)};
  to.blur_sigma = options.blur_strength;
  switch (options.background) {
    case SCRIM_BACKGROUND_IMAGE:
      to.background = Kind::kImage;
      break;
    case SCRIM_BACKGROUND_BLUR:
      to.background = Kind::kBlur;
      break;
    case SCRIM_BACKGROUND_TRANSPARENT:
      to.background = Kind::kTransparent;
      break;
    default:
      to.background = Kind::kColor;
  }
  return to;
}

scrim::StatusOr<Plan> MakePlan(const scrim_gpu& gpu, int which, const scrim_params& params,
                               const scrim_gpu_options& options) {
  const FrameOptions frame = ToOptions(gpu.model, params, options);
  switch (which) {
    case 0:
      return scrim::gpu::LowerNetwork(gpu.model, frame.network, {options.halves != 0});
    case 1:
      return scrim::gpu::LowerInput(frame);
    case 2:
      return scrim::gpu::LowerPicture(frame);
    case 3:
      return scrim::gpu::LowerAlone(frame);
    default:
      return scrim::gpu::LowerCover(frame);
  }
}

}  // namespace

extern "C" {

scrim_gpu* scrim_gpu_open(const void* model, size_t size) {
  auto parsed = scrim::graph::ParseModel(static_cast<const uint8_t*>(model), size, "model in memory");
  if (!parsed.ok()) return nullptr;
  return new scrim_gpu{*std::move(parsed), {}, {}, nullptr};
}

void scrim_gpu_free(scrim_gpu* gpu) { delete gpu; }

void scrim_gpu_network_size(const scrim_gpu* gpu, const scrim_params* params, int width, int height, int* size) {
  scrim::graph::Density density{params->input_width, params->input_height};
  if (density == scrim::graph::Density{})
    density = scrim::graph::NearestShape(scrim::graph::ShapesOf(gpu->model), width, height);
  size[0] = density.width, size[1] = density.height;
}

const char* scrim_gpu_plan(scrim_gpu* gpu, int which, const scrim_params* params, const scrim_gpu_options* options) {
  auto plan = MakePlan(*gpu, which, *params, *options);
  gpu->plan = plan.ok() ? *std::move(plan) : Plan();
  if (!plan.ok()) gpu->plan.unsupported.push_back(plan.status().message());
  gpu->json = ToJson(gpu->plan);
  return gpu->json.c_str();
}

const uint8_t* scrim_gpu_constants(const scrim_gpu* gpu) { return gpu->plan.constants.data(); }
size_t scrim_gpu_constants_size(const scrim_gpu* gpu) { return gpu->plan.constants.size(); }

int scrim_gpu_run_network(scrim_gpu* gpu, int threads, int width, int height, const float* input, float* mask) {
  if (gpu->program == nullptr || gpu->program->input().width != width || gpu->program->input().height != height) {
    auto made = scrim::nn::Program::Compile(gpu->model, {width, height}, {"", threads});
    if (!made.ok()) return 1;
    gpu->program = *std::move(made);
  }
  const scrim::nn::TensorView to = gpu->program->input();
  const auto row = static_cast<size_t>(width) * static_cast<size_t>(to.channels);
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x)
      std::copy_n(input + static_cast<size_t>(y) * row + static_cast<size_t>(x) * static_cast<size_t>(to.channels),
                  to.channels,
                  to.data + static_cast<size_t>(y) * to.row_stride + static_cast<size_t>(x) * to.pixel_stride);
  gpu->program->Run();
  std::copy_n(gpu->program->output(), static_cast<size_t>(width) * static_cast<size_t>(height), mask);
  return 0;
}
}
