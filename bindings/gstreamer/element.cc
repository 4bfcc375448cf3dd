#include "element.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "filter.h"
#include "frame_meta.h"
#include "properties.h"
#include "video_frame.h"

using scrim::gst::Filter;

struct _GstScrim {
  GstVideoFilter parent;
  Filter* filter;
  // The streaming thread's.
  std::string* reported;                // the problem that was posted last
  std::optional<bool>* reported_alone;  // whether the last frame had no person, as posted
  bool asked;                           // whether upstream is live
  Filter::Outcome* outcome;             // of the buffer in hand
  GstClockTime time;                    // of the last frame
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

void SetProperty(GObject* object, guint id, const GValue* value, GParamSpec* spec) {
  GstScrim* self = GST_SCRIM(object);
  std::string problem;
  if (!scrim::gst::SetProperty(self->filter, id, value, &problem)) G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
  if (!problem.empty())
    GST_ELEMENT_WARNING(self, RESOURCE, SETTINGS, ("%s", problem.c_str()), ("the background stays as it was"));
}

void GetProperty(GObject* object, guint id, GValue* value, GParamSpec* spec) {
  if (!scrim::gst::GetProperty(*GST_SCRIM(object)->filter, id, value))
    G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

gboolean Start(GstBaseTransform* transform) {
  GstScrim* self = GST_SCRIM(transform);
  self->reported->clear();
  self->reported_alone->reset();
  self->asked = false;
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
  GST_SCRIM(video)->filter->SetFormat(scrim::gst::LikeOf(*out));
  GST_SCRIM(video)->asked = false;
  gst_base_transform_set_in_place(GST_BASE_TRANSFORM(video), GST_VIDEO_INFO_FORMAT(in) == GST_VIDEO_INFO_FORMAT(out));
  return TRUE;
}

// Another clip, or another place in this one.
gboolean SinkEvent(GstBaseTransform* transform, GstEvent* event) {
  if (GST_EVENT_TYPE(event) == GST_EVENT_FLUSH_STOP || GST_EVENT_TYPE(event) == GST_EVENT_STREAM_START)
    GST_SCRIM(transform)->filter->Reset();
  return GST_BASE_TRANSFORM_CLASS(gst_scrim_parent_class)->sink_event(transform, event);
}

bool IsLive(GstBaseTransform* transform) {
  GstQuery* query = gst_query_new_latency();
  gboolean live = FALSE;
  if (gst_pad_peer_query(GST_BASE_TRANSFORM_SINK_PAD(transform), query))
    gst_query_parse_latency(query, &live, nullptr, nullptr);
  gst_query_unref(query);
  return live;
}

// A live session may hold a frame back until its mask is there.
gboolean Query(GstBaseTransform* transform, GstPadDirection direction, GstQuery* query) {
  const Filter& filter = *GST_SCRIM(transform)->filter;
  const gboolean answered = GST_BASE_TRANSFORM_CLASS(gst_scrim_parent_class)->query(transform, direction, query);
  if (!answered || direction != GST_PAD_SRC || GST_QUERY_TYPE(query) != GST_QUERY_LATENCY || !filter.live())
    return answered;
  gboolean live;
  GstClockTime least, most;
  gst_query_parse_latency(query, &live, &least, &most);
  const auto wait = static_cast<GstClockTime>(filter.max_wait_ms() * GST_MSECOND);
  gst_query_set_latency(query, live, least + wait, GST_CLOCK_TIME_IS_VALID(most) ? most + wait : most);
  return TRUE;
}

// Properties are taken over here, before formats are negotiated, so that no frame meets the old format and the new
// background.
GstFlowReturn SubmitInputBuffer(GstBaseTransform* transform, gboolean discont, GstBuffer* buffer) {
  GstScrim* self = GST_SCRIM(transform);
  if (GST_BUFFER_IS_DISCONT(buffer)) self->filter->Reset();
  if (!std::exchange(self->asked, true)) self->filter->SetUpstreamLive(IsLive(transform));
  const Filter::Changes changes = self->filter->Update();
  if (changes.transparent) gst_base_transform_reconfigure_src(transform);
  if (changes.latency) gst_element_post_message(GST_ELEMENT(self), gst_message_new_latency(GST_OBJECT(self)));
  return GST_BASE_TRANSFORM_CLASS(gst_scrim_parent_class)->submit_input_buffer(transform, discont, buffer);
}

// One message when a problem begins, not one for each frame. What to do with the frame: it has the background alone.
GstFlowReturn Report(GstScrim* self, const std::string& problem) {
  const bool end = self->filter->ends_on_failure() && !problem.empty();
  if (problem == std::exchange(*self->reported, problem) || problem.empty()) return end ? GST_FLOW_ERROR : GST_FLOW_OK;
  if (end) {
    GST_ELEMENT_ERROR(self, STREAM, FAILED, ("%s", problem.c_str()), (nullptr));
    return GST_FLOW_ERROR;
  }
  GST_ELEMENT_WARNING(self, STREAM, FAILED, ("%s", problem.c_str()),
                      ("the background alone is shown until this is over"));
  return GST_FLOW_OK;
}

// For applications that tell their users what others see.
void ReportState(GstScrim* self) {
  const bool alone = self->outcome->background_only;
  if (*self->reported_alone == alone) return;
  *self->reported_alone = alone;
  GstStructure* state = gst_structure_new("scrim-state", "person-shown", G_TYPE_BOOLEAN, !alone, "problem",
                                          G_TYPE_STRING, self->outcome->problem.c_str(), nullptr);
  gst_element_post_message(GST_ELEMENT(self), gst_message_new_element(GST_OBJECT(self), state));
}

// What a frame without a time has for a background that moves: the clock's time where frames come when they happen,
// else so much later than the one before as the caps say.
GstClockTime TimeOf(GstScrim* self, const GstVideoFrame& frame) {
  GstClockTime time = GST_BUFFER_PTS(frame.buffer);
  if (!GST_CLOCK_TIME_IS_VALID(time)) {
    const bool regular = !self->filter->live() && frame.info.fps_n > 0;
    time = regular ? self->time + gst_util_uint64_scale_int(GST_SECOND, frame.info.fps_d, frame.info.fps_n)
                   : static_cast<GstClockTime>(g_get_monotonic_time()) * GST_USECOND;
  }
  return self->time = time;
}

GstFlowReturn Draw(GstVideoFilter* video, const GstVideoFrame& in, const GstVideoFrame& out) {
  GstScrim* self = GST_SCRIM(video);
  const auto from = scrim::gst::ToScrim(in), to = scrim::gst::ToScrim(out);
  if (!from || !to) return GST_FLOW_OK;
  static_assert(GST_CLOCK_TIME_NONE == scrim::gst::kNoTime);
  *self->outcome = self->filter->Process(*from, *to, TimeOf(self, in));
  ReportState(self);
  return Report(self, self->outcome->problem);
}

GstFlowReturn TransformFrame(GstVideoFilter* video, GstVideoFrame* in, GstVideoFrame* out) {
  return Draw(video, *in, *out);
}

GstFlowReturn TransformFrameIp(GstVideoFilter* video, GstVideoFrame* frame) { return Draw(video, *frame, *frame); }

// GstVideoFilter lets a buffer that it cannot map (one too small for a frame, say) go on as it is, with the room in it.
GstFlowReturn OnlyIfDrawn(GstScrim* self, GstBuffer* buffer, GstFlowReturn flow) {
  if (flow != GST_FLOW_OK) return flow;
  if (!self->outcome->drawn) {
    const GstFlowReturn reported = Report(self, "a buffer is not a frame of the agreed format and is dropped");
    return reported != GST_FLOW_OK ? reported : GST_BASE_TRANSFORM_FLOW_DROPPED;
  }
  if (self->filter->wants_meta()) {
    const GstVideoInfo& info = GST_VIDEO_FILTER(self)->out_info;
    scrim::gst::AttachFrameMeta(*self->filter, *self->outcome, info.width, info.height, buffer);
  }
  return GST_FLOW_OK;
}

GstFlowReturn Transform(GstBaseTransform* transform, GstBuffer* in, GstBuffer* out) {
  GstScrim* self = GST_SCRIM(transform);
  *self->outcome = {};
  return OnlyIfDrawn(self, out, GST_BASE_TRANSFORM_CLASS(gst_scrim_parent_class)->transform(transform, in, out));
}

GstFlowReturn TransformIp(GstBaseTransform* transform, GstBuffer* buffer) {
  GstScrim* self = GST_SCRIM(transform);
  *self->outcome = {};
  return OnlyIfDrawn(self, buffer, GST_BASE_TRANSFORM_CLASS(gst_scrim_parent_class)->transform_ip(transform, buffer));
}

void Finalize(GObject* object) {
  GstScrim* self = GST_SCRIM(object);
  delete self->filter;
  delete self->reported;
  delete self->reported_alone;
  delete self->outcome;
  G_OBJECT_CLASS(gst_scrim_parent_class)->finalize(object);
}

}  // namespace

static void gst_scrim_class_init(GstScrimClass* self_class) {
  GObjectClass* object_class = G_OBJECT_CLASS(self_class);
  object_class->set_property = SetProperty;
  object_class->get_property = GetProperty;
  object_class->finalize = Finalize;
  scrim::gst::InstallProperties(object_class);

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
  transform_class->query = Query;
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
  self->reported_alone = new std::optional<bool>;
  self->outcome = new Filter::Outcome;
}
