#include "element.h"

#include <memory>
#include <string>
#include <utility>

#include "filter.h"
#include "video_frame.h"

using scrim::gst::Filter;
using scrim::gst::Settings;

struct _GstScrim {
  GstVideoFilter parent;
  Filter* filter;
  // The streaming thread's.
  std::string* reported;  // the problem that was posted last
  bool drawn;             // the buffer in hand has our pixels
};

// NOLINTNEXTLINE: GLib's macro
G_DEFINE_FINAL_TYPE(GstScrim, gst_scrim, GST_TYPE_VIDEO_FILTER)

namespace {

#define SCRIM_CAPS(formats)                                     \
  "video/x-raw, format = (string) " formats                     \
  ", width = (int) [ 1, 16384 ], height = (int) [ 1, 16384 ], " \
  "framerate = " GST_VIDEO_FPS_RANGE
constexpr char kCaps[] = SCRIM_CAPS("{ NV12, I420, YUY2, RGBA, BGRA }");
constexpr char kAlphaCaps[] = SCRIM_CAPS("{ RGBA, BGRA }");

enum Property {
  kModel = 1,
  kBackground,
  kDensity,
  kThreads,
  kGuided,
  kStabilise,
  kLevels,
  kBypass,
  kStats,
};

std::string Text(const GValue* value) {
  const gchar* text = g_value_get_string(value);
  return text != nullptr ? text : "";
}

void SetProperty(GObject* object, guint id, const GValue* value, GParamSpec* spec) {
  GstScrim* self = GST_SCRIM(object);
  Filter& filter = *self->filter;
  switch (id) {
    case kModel:
      return filter.Change([&](Settings* s) { s->model = Text(value); });
    case kBackground:
      if (const std::string problem = filter.SetBackground(Text(value)); !problem.empty())
        GST_ELEMENT_WARNING(self, RESOURCE, SETTINGS, ("%s", problem.c_str()), ("the background stays as it was"));
      return;
    case kDensity:
      return filter.Change([&](Settings* s) { s->density = Text(value); });
    case kThreads:
      return filter.Change([&](Settings* s) { s->threads = g_value_get_int(value); });
    case kGuided:
      return filter.Change([&](Settings* s) { s->guided = g_value_get_boolean(value); });
    case kStabilise:
      return filter.Change([&](Settings* s) { s->stabilise = g_value_get_boolean(value); });
    case kLevels:
      return filter.Change([&](Settings* s) { s->levels = Text(value); });
    case kBypass:
      return filter.SetBypass(g_value_get_boolean(value));
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
  }
}

GstStructure* StatsOf(const Filter& filter) {
  const scrim::gst::Stats stats = filter.stats();
  return gst_structure_new("application/x-scrim-stats", "frames", G_TYPE_UINT64, stats.frames, "failures",
                           G_TYPE_UINT64, stats.failures, "segmented", G_TYPE_UINT64, stats.segmented, "sample-ms",
                           G_TYPE_DOUBLE, stats.mean.sample, "network-ms", G_TYPE_DOUBLE, stats.mean.network,
                           "matte-ms", G_TYPE_DOUBLE, stats.mean.matte, "compose-ms", G_TYPE_DOUBLE, stats.mean.compose,
                           nullptr);
}

void GetProperty(GObject* object, guint id, GValue* value, GParamSpec* spec) {
  const Filter& filter = *GST_SCRIM(object)->filter;
  switch (id) {
    case kModel:
      return g_value_set_string(value, filter.settings().model.c_str());
    case kBackground:
      return g_value_set_string(value, filter.background().c_str());
    case kDensity:
      return g_value_set_string(value, filter.settings().density.c_str());
    case kThreads:
      return g_value_set_int(value, filter.settings().threads);
    case kGuided:
      return g_value_set_boolean(value, filter.settings().guided);
    case kStabilise:
      return g_value_set_boolean(value, filter.settings().stabilise);
    case kLevels:
      return g_value_set_string(value, filter.settings().levels.c_str());
    case kBypass:
      return g_value_set_boolean(value, filter.bypass());
    case kStats:
      return g_value_take_boxed(value, StatsOf(filter));
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
  }
}

void InstallProperties(GObjectClass* object_class) {
  constexpr auto kFlags =
      static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING);
  const Settings defaults;
  const auto text = [&](Property id, const char* name, const char* nick, const char* blurb, const char* value) {
    g_object_class_install_property(object_class, id, g_param_spec_string(name, nick, blurb, value, kFlags));
  };
  const auto flag = [&](Property id, const char* name, const char* nick, const char* blurb, bool value) {
    g_object_class_install_property(object_class, id, g_param_spec_boolean(name, nick, blurb, value, kFlags));
  };
  text(kModel, "model", "Model", "Model file that finds the person; empty: the released default model", "");
  text(
      kBackground, "background", "Background",
      "What stands behind the person: an image file, blur or blur:N (N the blur's sigma in pixels of a 720-line frame, "
      "0.5 to 100), #rrggbb, or transparent (RGBA or BGRA comes out then)",
      "blur");
  text(
      kDensity, "density", "Density",
      "Size at which the network sees the frame, WIDTHxHEIGHT, each 16 to 4096: larger is finer and slower; empty: the "
      "model's own",
      "");
  g_object_class_install_property(
      object_class, kThreads,
      g_param_spec_int("threads", "Threads", "Threads that share the network: one is the cheapest, two the quicker", 1,
                       64, defaults.threads, kFlags));
  flag(kGuided, "guided", "Guided", "Let the person's outline follow the frame's own edges", defaults.guided);
  flag(kStabilise, "stabilise", "Stabilise", "Hold the outline still where nothing moves", defaults.stabilise);
  text(kLevels, "levels", "Levels",
       "LOW:HIGH, mask values that become fully room and fully person, 0 <= LOW < HIGH <= 1; empty: 0:1", "");
  flag(kBypass, "bypass-to-background", "Bypass to background",
       "Show the background alone, without looking for a person (a blur becomes grey)", false);
  g_object_class_install_property(
      object_class, kStats,
      g_param_spec_boxed("stats", "Statistics",
                         "Since the start: frames drawn, failures (frames with the background alone because something "
                         "went wrong), segmented (frames with a person looked for), and of these the mean milliseconds "
                         "of each stage: sample, network, matte, compose",
                         GST_TYPE_STRUCTURE, static_cast<GParamFlags>(G_PARAM_READABLE | G_PARAM_STATIC_STRINGS)));
}

gboolean Start(GstBaseTransform* transform) {
  GstScrim* self = GST_SCRIM(transform);
  self->reported->clear();
  const std::string problem = self->filter->Start();
  if (problem.empty()) return TRUE;
  GST_ELEMENT_ERROR(self, RESOURCE, OPEN_READ, ("%s", problem.c_str()), (nullptr));
  return FALSE;
}

gboolean Stop(GstBaseTransform* transform) {
  GST_SCRIM(transform)->filter->Stop();
  return TRUE;
}

// Frames keep their format, except before a transparent background: there RGBA or BGRA comes out, and the same format
// as last resort, which is drawn black with a warning.
GstCaps* TransformCaps(GstBaseTransform* transform, GstPadDirection direction, GstCaps* caps, GstCaps* filter) {
  GstCaps* result = gst_caps_new_empty();
  if (GST_SCRIM(transform)->filter->transparent()) {
    GstCaps* from = direction == GST_PAD_SINK ? gst_caps_ref(caps) : gst_caps_from_string(kAlphaCaps);
    if (direction == GST_PAD_SRC) {
      GstCaps* alpha = gst_caps_intersect_full(caps, from, GST_CAPS_INTERSECT_FIRST);
      gst_caps_unref(std::exchange(from, alpha));
    }
    GstCaps* to = gst_caps_from_string(direction == GST_PAD_SINK ? kAlphaCaps : kCaps);
    const GValue* formats = gst_structure_get_value(gst_caps_get_structure(to, 0), "format");
    for (guint i = 0; i < gst_caps_get_size(from); ++i) {
      GstStructure* structure = gst_structure_copy(gst_caps_get_structure(from, i));
      gst_structure_remove_fields(structure, "colorimetry", "chroma-site", nullptr);
      gst_structure_set_value(structure, "format", formats);
      result = gst_caps_merge_structure_full(result, structure, gst_caps_features_copy(gst_caps_get_features(from, i)));
    }
    gst_caps_unref(to);
    gst_caps_unref(from);
  }
  result = gst_caps_merge(result, gst_caps_ref(caps));
  if (filter != nullptr) {
    GstCaps* wanted = gst_caps_intersect_full(filter, result, GST_CAPS_INTERSECT_FIRST);
    gst_caps_unref(std::exchange(result, wanted));
  }
  return result;
}

// Narrows `caps` (taken) to what it shares with `wish` (taken), where that is anything.
GstCaps* Prefer(GstCaps* caps, GstCaps* wish) {
  GstCaps* both = gst_caps_intersect_full(caps, wish, GST_CAPS_INTERSECT_FIRST);
  gst_caps_unref(wish);
  if (gst_caps_is_empty(both)) std::swap(both, caps);
  gst_caps_unref(caps);
  return both;
}

GstCaps* FixateCaps(GstBaseTransform* transform, GstPadDirection direction, GstCaps* caps, GstCaps* other) {
  if (GST_SCRIM(transform)->filter->transparent() && direction == GST_PAD_SINK) {
    other = Prefer(other, gst_caps_from_string(kAlphaCaps));
    other = Prefer(other, gst_caps_ref(caps));
  }
  return GST_BASE_TRANSFORM_CLASS(gst_scrim_parent_class)->fixate_caps(transform, direction, caps, other);
}

gboolean SetInfo(GstVideoFilter* video, GstCaps*, GstVideoInfo* in, GstCaps*, GstVideoInfo* out) {
  GST_SCRIM(video)->filter->Reset();
  gst_base_transform_set_in_place(GST_BASE_TRANSFORM(video), GST_VIDEO_INFO_FORMAT(in) == GST_VIDEO_INFO_FORMAT(out));
  return TRUE;
}

// Another clip, or another place in this one.
gboolean SinkEvent(GstBaseTransform* transform, GstEvent* event) {
  if (GST_EVENT_TYPE(event) == GST_EVENT_FLUSH_STOP || GST_EVENT_TYPE(event) == GST_EVENT_STREAM_START)
    GST_SCRIM(transform)->filter->Reset();
  return GST_BASE_TRANSFORM_CLASS(gst_scrim_parent_class)->sink_event(transform, event);
}

// Properties are taken over here, before formats are negotiated, so that no frame meets the old format and the new
// background.
GstFlowReturn SubmitInputBuffer(GstBaseTransform* transform, gboolean discont, GstBuffer* buffer) {
  GstScrim* self = GST_SCRIM(transform);
  if (GST_BUFFER_IS_DISCONT(buffer)) self->filter->Reset();
  if (self->filter->Update()) gst_base_transform_reconfigure_src(transform);
  return GST_BASE_TRANSFORM_CLASS(gst_scrim_parent_class)->submit_input_buffer(transform, discont, buffer);
}

// One warning when a problem begins, not one for each frame.
void Report(GstScrim* self, const std::string& problem) {
  if (problem == *self->reported) return;
  *self->reported = problem;
  if (problem.empty()) return;
  GST_ELEMENT_WARNING(self, STREAM, FAILED, ("%s", problem.c_str()),
                      ("the background alone is shown until this is over"));
}

GstFlowReturn Draw(GstVideoFilter* video, const GstVideoFrame& in, const GstVideoFrame& out) {
  GstScrim* self = GST_SCRIM(video);
  const auto from = scrim::gst::ToScrim(in), to = scrim::gst::ToScrim(out);
  if (!from || !to) return GST_FLOW_OK;
  const Filter::Outcome outcome = self->filter->Process(*from, *to);
  Report(self, outcome.problem);
  self->drawn = outcome.drawn;
  return GST_FLOW_OK;
}

GstFlowReturn TransformFrame(GstVideoFilter* video, GstVideoFrame* in, GstVideoFrame* out) {
  return Draw(video, *in, *out);
}

GstFlowReturn TransformFrameIp(GstVideoFilter* video, GstVideoFrame* frame) { return Draw(video, *frame, *frame); }

// GstVideoFilter lets a buffer that it cannot map (one too small for a frame, say) go on as it is, with the room in it.
GstFlowReturn OnlyIfDrawn(GstScrim* self, GstFlowReturn flow) {
  if (flow != GST_FLOW_OK || self->drawn) return flow;
  Report(self, "a buffer is not a frame of the agreed format and is dropped");
  return GST_BASE_TRANSFORM_FLOW_DROPPED;
}

GstFlowReturn Transform(GstBaseTransform* transform, GstBuffer* in, GstBuffer* out) {
  GstScrim* self = GST_SCRIM(transform);
  self->drawn = false;
  return OnlyIfDrawn(self, GST_BASE_TRANSFORM_CLASS(gst_scrim_parent_class)->transform(transform, in, out));
}

GstFlowReturn TransformIp(GstBaseTransform* transform, GstBuffer* buffer) {
  GstScrim* self = GST_SCRIM(transform);
  self->drawn = false;
  return OnlyIfDrawn(self, GST_BASE_TRANSFORM_CLASS(gst_scrim_parent_class)->transform_ip(transform, buffer));
}

void Finalize(GObject* object) {
  GstScrim* self = GST_SCRIM(object);
  delete self->filter;
  delete self->reported;
  G_OBJECT_CLASS(gst_scrim_parent_class)->finalize(object);
}

}  // namespace

static void gst_scrim_class_init(GstScrimClass* self_class) {
  GObjectClass* object_class = G_OBJECT_CLASS(self_class);
  object_class->set_property = SetProperty;
  object_class->get_property = GetProperty;
  object_class->finalize = Finalize;
  InstallProperties(object_class);

  GstElementClass* element_class = GST_ELEMENT_CLASS(self_class);
  gst_element_class_set_static_metadata(element_class, "Virtual background", "Filter/Effect/Video",
                                        "Shows the people of a video before another background; never the room",
                                        "The scrim authors");
  GstCaps* caps = gst_caps_from_string(kCaps);
  gst_element_class_add_pad_template(element_class, gst_pad_template_new("sink", GST_PAD_SINK, GST_PAD_ALWAYS, caps));
  gst_element_class_add_pad_template(element_class, gst_pad_template_new("src", GST_PAD_SRC, GST_PAD_ALWAYS, caps));
  gst_caps_unref(caps);

  GstBaseTransformClass* transform_class = GST_BASE_TRANSFORM_CLASS(self_class);
  transform_class->start = Start;
  transform_class->stop = Stop;
  transform_class->transform_caps = TransformCaps;
  transform_class->fixate_caps = FixateCaps;
  transform_class->sink_event = SinkEvent;
  transform_class->submit_input_buffer = SubmitInputBuffer;
  transform_class->transform = Transform;
  transform_class->transform_ip = TransformIp;

  GstVideoFilterClass* filter_class = GST_VIDEO_FILTER_CLASS(self_class);
  filter_class->set_info = SetInfo;
  filter_class->transform_frame = TransformFrame;
  filter_class->transform_frame_ip = TransformFrameIp;
}

static void gst_scrim_init(GstScrim* self) {
  self->filter = new Filter;
  self->reported = new std::string;
}
