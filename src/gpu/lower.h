// A model becomes a plan for a GPU: the graph that nn::Program compiles, fused the same way, as WGSL kernels.
#pragma once

#include "base/status.h"
#include "gpu/plan.h"
#include "graph/model.h"

namespace scrim::gpu {

struct NetworkOptions {
  bool halves = false;  // weights and values in half precision; sums stay floats
};

// plan.named: "input", h×w×c floats, channels last, normalised as the model says, and "output", h×w×c floats. A
// quantised model runs in floats, with its weights. Nodes that no kernel runs stand in plan.unsupported; the plan has
// no dispatches then. Of several planes the person's alone comes out. Errors: as nn::Program::Compile.
StatusOr<Plan> LowerNetwork(const graph::Model& model, graph::Density density, const NetworkOptions& options = {});

}  // namespace scrim::gpu
