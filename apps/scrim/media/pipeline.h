// What all pipelines of the command line share: GStreamer itself, its pointers, elements and errors.
#pragma once

#include <gst/gst.h>

#include <memory>
#include <string>

#include "base/status.h"

namespace scrim::app {

struct GstFree {
  void operator()(GstElement* p) const { gst_object_unref(p); }
  void operator()(GstBus* p) const { gst_object_unref(p); }
  void operator()(GstPad* p) const { gst_object_unref(p); }
  void operator()(GstDevice* p) const { gst_object_unref(p); }
  void operator()(GstCaps* p) const { gst_caps_unref(p); }
  void operator()(GstMessage* p) const { gst_message_unref(p); }
  void operator()(GstEvent* p) const { gst_event_unref(p); }
  void operator()(GstBuffer* p) const { gst_buffer_unref(p); }
  void operator()(GstSample* p) const { gst_sample_unref(p); }
  void operator()(GstStructure* p) const { gst_structure_free(p); }
  void operator()(GError* p) const { g_error_free(p); }
  void operator()(gchar* p) const { g_free(p); }
};
template <typename T>
using Owned = std::unique_ptr<T, GstFree>;

// GStreamer, and the element `scrim` as part of this program. Any number of times.
Status StartGStreamer();

// The description's elements. named: what the error message is about.
StatusOr<Owned<GstElement>> ParsePipeline(const std::string& description);
StatusOr<Owned<GstElement>> ParseBin(const std::string& description);  // with ghost pads

// With the last element's pad alone: what a decoder is linked to later keeps its own pads.
StatusOr<Owned<GstElement>> ParseSource(const std::string& description);

Owned<GstElement> ByName(GstElement* bin, const char* name);

// `text` as a value in a description.
std::string Quoted(const std::string& text);

// The error's text, which ends without a full stop.
std::string TextOf(GstMessage* message);
std::string TextOfWarning(GstMessage* message);

// The muxer for ".mp4", ".m4v", ".mov" or ".mkv"; null for others.
const char* MuxerFor(const std::string& extension);

}  // namespace scrim::app
