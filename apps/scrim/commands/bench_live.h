// `scrim bench --live`.
#pragma once

#include <memory>

#include "base/status.h"
#include "engine/segmenter.h"
#include "graph/model.h"

namespace scrim::app {

// Prints processor time and latency at 30 frames of 720p a second, as a table or JSON.
Status BenchLive(const std::shared_ptr<const graph::Model>& model, const engine::SegmenterOptions& options,
                 bool as_json);

}  // namespace scrim::app
