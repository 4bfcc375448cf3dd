// What the element knows of a frame, on its buffer.
#pragma once

#include <gst/gst.h>

#include "filter.h"

namespace scrim::gst {

inline constexpr char kFrameMeta[] = "GstScrimFrame";

// Once for a process, before the first AttachFrameMeta.
void RegisterFrameMeta();

// A GstCustomMeta, whose structure has: sample-ms, network-ms, matte-ms, compose-ms, wait-ms (double), late (boolean:
// drawn with the mask of an earlier frame), background-only (boolean: without a person), and, unless background-only,
// width, height (int) and alpha (GstBuffer: height rows of width bytes without gaps, 0 room to 255 person). Replaces
// one that is there. The buffer must be writable.
void AttachFrameMeta(const Filter& filter, const Filter::Outcome& outcome, int width, int height, GstBuffer* buffer);

}  // namespace scrim::gst
