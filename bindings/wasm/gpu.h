// Plans for a GPU, and the network alone for a GPU that leaves it to the CPU. For web/package/src/gpu/plans.ts; no part
// of the C ABI, for other programs have no executor. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>

#include "scrim/scrim.h"

extern "C" {

typedef struct scrim_gpu scrim_gpu;

// What a plan is for. Fields are four bytes each.
struct scrim_gpu_options {
  int frame_width, frame_height;      // upright
  int network_width, network_height;  // see scrim_gpu_network_size
  int external;                       // the frame is an external texture
  int halves;                         // values and weights of the network in half precision
  scrim_background_kind background;
  int red, green, blue;
  float blur_strength;
};

// Reads a model. Null where it is none, or there is no memory.
scrim_gpu* scrim_gpu_open(const void* model, size_t size);
void scrim_gpu_free(scrim_gpu* gpu);

// The network's input size for frames of a size: what params ask for, or the model's shape nearest to it.
void scrim_gpu_network_size(const scrim_gpu* gpu, const scrim_params* params, int width, int height, int* size);

// JSON: the plan, with `unsupported` where there is none. which: 0 network, 1 input, 2 picture, 3 alone, 4 cover. Good
// until the next call, as is what the others give of it.
const char* scrim_gpu_plan(scrim_gpu* gpu, int which, const scrim_params* params, const scrim_gpu_options* options);
const uint8_t* scrim_gpu_constants(const scrim_gpu* gpu);
size_t scrim_gpu_constants_size(const scrim_gpu* gpu);

// Runs the network on the CPU: h×w×channels floats in, h×w floats out, in options' network size. 0, or 1 where it
// cannot.
int scrim_gpu_run_network(scrim_gpu* gpu, int threads, int width, int height, const float* input, float* mask);
}
