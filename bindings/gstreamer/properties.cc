#include "properties.h"

#include <gst/gst.h>

#include <algorithm>

namespace scrim::gst {
namespace {

enum Property {
  kModel = 1,
  kBackground,
  kFit,
  kInputSize,
  kTarget,
  kThreads,
  kRefineEdges,
  kStabilise,
  kRemoveIslands,
  kDecontaminateEdges,
  kLightWrap,
  kKeep,
  kMatchBrightness,
  kPersonSize,
  kPersonPosition,
  kHairColor,
  kHairStrength,
  kSmoothSkin,
  kLevels,
  kBypass,
  kLive,
  kBudget,
  kMaxWait,
  kMaxMaskAge,
  kFrameMetaWanted,
  kOnFailure,
  kStats,
};

GType FitType() {
  static const GEnumValue values[] = {
      {static_cast<gint>(Fit::kCover), "Fill the frame, cut off what sticks out", "cover"},
      {static_cast<gint>(Fit::kContain), "All of it, with black borders", "contain"},
      {static_cast<gint>(Fit::kTile), "As it is, over and over (a clip covers)", "tile"},
      {0, nullptr, nullptr}};
  static const GType type = g_enum_register_static("GstScrimFit", values);
  return type;
}

GType KeepType() {
  static const GEnumValue values[] = {{static_cast<gint>(Keep::kPerson), "The person; the room is replaced", "person"},
                                      {static_cast<gint>(Keep::kRoom), "The room; the person is replaced", "room"},
                                      {0, nullptr, nullptr}};
  static const GType type = g_enum_register_static("GstScrimKeep", values);
  return type;
}

GType LiveType() {
  static const GEnumValue values[] = {
      {static_cast<gint>(Live::kAuto), "As the elements upstream answer a LATENCY query", "auto"},
      {static_cast<gint>(Live::kOn), "For a camera: no frame waits for a slow network", "on"},
      {static_cast<gint>(Live::kOff), "For files: every frame waits for its own mask", "off"},
      {0, nullptr, nullptr}};
  static const GType type = g_enum_register_static("GstScrimLive", values);
  return type;
}

enum OnFailure { kDrawBackground, kEnd };
GType OnFailureType() {
  static const GEnumValue values[] = {
      {kDrawBackground, "Draw the background alone, with a warning, until it is over", "draw-background"},
      {kEnd, "End the stream with an error", "error"},
      {0, nullptr, nullptr}};
  static const GType type = g_enum_register_static("GstScrimOnFailure", values);
  return type;
}

std::string Text(const GValue* value) {
  const gchar* text = g_value_get_string(value);
  return text != nullptr ? text : "";
}

GstStructure* ToStructure(const Stats& stats) {
  const scrim_stats& library = stats.library;
  const double frames = std::max<double>(1, stats.segmented), calls = std::max<double>(1, library.frames);
  const std::string input_size = std::to_string(library.input_width) + "x" + std::to_string(library.input_height);
  return gst_structure_new("application/x-scrim-stats", "frames", G_TYPE_UINT64, stats.frames, "background-only",
                           G_TYPE_UINT64, stats.background_only, "failures", G_TYPE_UINT64, stats.failures, "segmented",
                           G_TYPE_UINT64, stats.segmented, "masks", G_TYPE_UINT64, library.masks, "unchanged",
                           G_TYPE_UINT64, library.unchanged, "late", G_TYPE_UINT64, library.late, "sample-ms",
                           G_TYPE_DOUBLE, library.sample / frames, "network-ms", G_TYPE_DOUBLE,
                           library.network / frames, "matte-ms", G_TYPE_DOUBLE, library.matte / frames, "compose-ms",
                           G_TYPE_DOUBLE, library.compose / frames, "wait-ms", G_TYPE_DOUBLE, library.wait / frames,
                           "latency-ms", G_TYPE_DOUBLE, library.latency / calls, "latency-max-ms", G_TYPE_DOUBLE,
                           library.latency_max, "input-size", G_TYPE_STRING, input_size.c_str(), "mask-interval",
                           G_TYPE_INT, library.mask_interval, "live", G_TYPE_BOOLEAN, stats.live, nullptr);
}

}  // namespace

bool SetProperty(Filter* filter, guint id, const GValue* value, std::string* problem) {
  const auto change = [&](const auto& set) { filter->Change([&](Settings* s) { set(*s); }); };
  switch (id) {
    case kModel:
      change([&](Settings& s) { s.model = Text(value); });
      break;
    case kBackground:
      *problem = filter->SetBackground(Text(value));
      break;
    case kFit:
      filter->SetFit(static_cast<Fit>(g_value_get_enum(value)));
      break;
    case kInputSize:
      change([&](Settings& s) { s.input_size = Text(value); });
      break;
    case kTarget:
      change([&](Settings& s) { s.target = Text(value); });
      break;
    case kThreads:
      change([&](Settings& s) { s.threads = g_value_get_int(value); });
      break;
    case kRefineEdges:
      change([&](Settings& s) { s.refine_edges = g_value_get_boolean(value); });
      break;
    case kStabilise:
      change([&](Settings& s) { s.stabilise = g_value_get_boolean(value); });
      break;
    case kRemoveIslands:
      change([&](Settings& s) { s.remove_islands = g_value_get_boolean(value); });
      break;
    case kDecontaminateEdges:
      change([&](Settings& s) { s.decontaminate_edges = g_value_get_boolean(value); });
      break;
    case kLightWrap:
      change([&](Settings& s) { s.light_wrap = g_value_get_float(value); });
      break;
    case kKeep:
      change([&](Settings& s) { s.keep = static_cast<Keep>(g_value_get_enum(value)); });
      break;
    case kMatchBrightness:
      change([&](Settings& s) { s.match_brightness = g_value_get_float(value); });
      break;
    case kPersonSize:
      change([&](Settings& s) { s.person_size = g_value_get_float(value); });
      break;
    case kPersonPosition:
      change([&](Settings& s) { s.person_position = g_value_get_float(value); });
      break;
    case kHairColor:
      *problem = filter->ChangeRetouch([&](Retouch* retouch) { retouch->hair_color = Text(value); });
      break;
    case kHairStrength:
      *problem = filter->ChangeRetouch([&](Retouch* retouch) { retouch->hair_strength = g_value_get_float(value); });
      break;
    case kSmoothSkin:
      *problem = filter->ChangeRetouch([&](Retouch* retouch) { retouch->skin_smoothing = g_value_get_float(value); });
      break;
    case kLevels:
      change([&](Settings& s) { s.levels = Text(value); });
      break;
    case kBypass:
      filter->SetBypass(g_value_get_boolean(value));
      break;
    case kLive:
      change([&](Settings& s) { s.live = static_cast<Live>(g_value_get_enum(value)); });
      break;
    case kBudget:
      change([&](Settings& s) { s.budget = Text(value); });
      break;
    case kMaxWait:
      change([&](Settings& s) { s.max_wait_ms = static_cast<float>(g_value_get_uint(value)); });
      break;
    case kMaxMaskAge:
      change([&](Settings& s) { s.max_mask_age_ms = static_cast<float>(g_value_get_uint(value)); });
      break;
    case kFrameMetaWanted:
      filter->WantMeta(g_value_get_boolean(value));
      break;
    case kOnFailure:
      filter->EndOnFailure(g_value_get_enum(value) == kEnd);
      break;
    default:
      return false;
  }
  return true;
}

bool GetProperty(const Filter& filter, guint id, GValue* value) {
  const Settings settings = filter.settings();
  switch (id) {
    case kModel:
      g_value_set_string(value, settings.model.c_str());
      break;
    case kBackground:
      g_value_set_string(value, filter.background().c_str());
      break;
    case kFit:
      g_value_set_enum(value, static_cast<gint>(filter.fit()));
      break;
    case kInputSize:
      g_value_set_string(value, settings.input_size.c_str());
      break;
    case kTarget:
      g_value_set_string(value, settings.target.c_str());
      break;
    case kThreads:
      g_value_set_int(value, settings.threads);
      break;
    case kRefineEdges:
      g_value_set_boolean(value, settings.refine_edges);
      break;
    case kStabilise:
      g_value_set_boolean(value, settings.stabilise);
      break;
    case kRemoveIslands:
      g_value_set_boolean(value, settings.remove_islands);
      break;
    case kDecontaminateEdges:
      g_value_set_boolean(value, settings.decontaminate_edges);
      break;
    case kLightWrap:
      g_value_set_float(value, settings.light_wrap);
      break;
    case kKeep:
      g_value_set_enum(value, static_cast<gint>(settings.keep));
      break;
    case kMatchBrightness:
      g_value_set_float(value, settings.match_brightness);
      break;
    case kPersonSize:
      g_value_set_float(value, settings.person_size);
      break;
    case kPersonPosition:
      g_value_set_float(value, settings.person_position);
      break;
    case kHairColor:
      g_value_set_string(value, settings.retouch.hair_color.c_str());
      break;
    case kHairStrength:
      g_value_set_float(value, settings.retouch.hair_strength);
      break;
    case kSmoothSkin:
      g_value_set_float(value, settings.retouch.skin_smoothing);
      break;
    case kLevels:
      g_value_set_string(value, settings.levels.c_str());
      break;
    case kBypass:
      g_value_set_boolean(value, filter.bypass());
      break;
    case kLive:
      g_value_set_enum(value, static_cast<gint>(settings.live));
      break;
    case kBudget:
      g_value_set_string(value, settings.budget.c_str());
      break;
    case kMaxWait:
      g_value_set_uint(value, static_cast<guint>(settings.max_wait_ms));
      break;
    case kMaxMaskAge:
      g_value_set_uint(value, static_cast<guint>(settings.max_mask_age_ms));
      break;
    case kFrameMetaWanted:
      g_value_set_boolean(value, filter.wants_meta());
      break;
    case kOnFailure:
      g_value_set_enum(value, filter.ends_on_failure() ? kEnd : kDrawBackground);
      break;
    case kStats:
      g_value_take_boxed(value, ToStructure(filter.stats()));
      break;
    default:
      return false;
  }
  return true;
}

void InstallProperties(GObjectClass* object_class) {
  constexpr auto kFlags =
      static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING);
  const Settings defaults;
  const auto install = [&](Property id, GParamSpec* spec) { g_object_class_install_property(object_class, id, spec); };
  const auto text = [&](Property id, const char* name, const char* nick, const char* blurb, const char* value) {
    install(id, g_param_spec_string(name, nick, blurb, value, kFlags));
  };
  const auto flag = [&](Property id, const char* name, const char* nick, const char* blurb, bool value) {
    install(id, g_param_spec_boolean(name, nick, blurb, value, kFlags));
  };
  text(kModel, "model", "Model", "Model file that finds the person; empty: the released default model", "");
  text(
      kBackground, "background", "Background",
      "What stands behind the person: an image or video file (which plays over and over), blur or blur:N (N the "
      "blur's sigma in pixels of a 720-line frame, 0.5 to 100), #rrggbb, screen (the X display's, as it is), room (the "
      "real one, as it is: everybody sees it), or transparent (RGBA or BGRA comes out then)",
      "blur");
  install(kFit, g_param_spec_enum("fit", "Fit", "How an image or video that is set from here on fits into the frame",
                                  FitType(), static_cast<gint>(Fit::kCover), kFlags));
  text(
      kInputSize, "input-size", "Input size",
      "Size at which the network sees the frame, WIDTHxHEIGHT, each 16 to 4096: larger is finer and slower; empty: the "
      "model's own, in the shape nearest to the frame's",
      "");
  text(kTarget, "target", "Target", "SIMD target of the network, as in AVX2; empty: the best of this CPU", "");
  install(kThreads,
          g_param_spec_int("threads", "Threads", "Threads that share the network: one is the cheapest, two the quicker",
                           1, 64, defaults.threads, kFlags));
  flag(kRefineEdges, "refine-edges", "Refine edges", "Let the person's outline follow the frame's own edges",
       defaults.refine_edges);
  flag(kStabilise, "stabilise", "Stabilise", "Hold the outline still where nothing moves", defaults.stabilise);
  flag(kRemoveIslands, "remove-islands", "Remove islands",
       "Drop what stands alone and is faint or tiny, fill small holes", defaults.remove_islands);
  flag(kDecontaminateEdges, "decontaminate-edges", "Decontaminate edges",
       "Take the old room's colour out of the outline (not before a blur)", defaults.decontaminate_edges);
  install(kLightWrap, g_param_spec_float("light-wrap", "Light wrap",
                                         "Share of the new background's light on the outline (not before a blur)", 0, 1,
                                         defaults.light_wrap, kFlags));
  install(kKeep,
          g_param_spec_enum("keep", "Keep",
                            "What stays of the frame: the person, or the room with the person replaced (before a "
                            "blur: the room without its people)",
                            KeepType(), static_cast<gint>(defaults.keep), kFlags));
  install(
      kMatchBrightness,
      g_param_spec_float("match-brightness", "Match brightness",
                         "Share of the difference between the person's mean brightness and the background's that is "
                         "taken away (not before a blur or transparency)",
                         0, 1, defaults.match_brightness, kFlags));
  install(kPersonSize, g_param_spec_float("person-size", "Size of the person",
                                          "Share of the frame's sides that the person's picture takes, standing on the "
                                          "lower edge (1 before a blur)",
                                          0.1f, 1, defaults.person_size, kFlags));
  install(kPersonPosition, g_param_spec_float("person-position", "Position of the person",
                                              "Where a smaller person stands: 0 at the left edge to 1 at the right one",
                                              0, 1, defaults.person_position, kFlags));
  text(kHairColor, "hair-color", "Colour of the hair",
       "#rrggbb: hair of this colour, as if dyed; empty: its own. The model must know hair", "");
  install(kHairStrength,
          g_param_spec_float("hair-strength", "Strength of the hair's colour",
                             "How far hair goes to hair-color, 0 to 1", 0, 1, defaults.retouch.hair_strength, kFlags));
  install(kSmoothSkin, g_param_spec_float("smooth-skin", "Smooth skin",
                                          "How far small wrinkles and blemishes of the face go, 0 to 1. The model must "
                                          "know skin",
                                          0, 1, defaults.retouch.skin_smoothing, kFlags));
  text(kLevels, "levels", "Levels",
       "LOW:HIGH, mask values that become fully room and fully person, 0 <= LOW < HIGH <= 1; empty: 0.2:0.8", "");
  flag(kBypass, "bypass-to-background", "Bypass to background",
       "Show the background alone, without looking for a person (a blur becomes grey)", false);
  install(kLive, g_param_spec_enum("live", "Live",
                                   "Run the network in a thread of its own: a frame whose mask is not ready within "
                                   "max-wait is drawn with the newest one",
                                   LiveType(), static_cast<gint>(defaults.live), kFlags));
  text(kBudget, "budget", "Budget",
       "Live: what a frame may cost on average, Nms or N% of one core, held by lowering input size and mask rate; "
       "empty: "
       "any",
       "");
  install(kMaxWait,
          g_param_spec_uint("max-wait", "Most wait", "Live: milliseconds that a frame may wait for its own mask", 0,
                            1000, static_cast<guint>(defaults.max_wait_ms), kFlags));
  install(kMaxMaskAge,
          g_param_spec_uint("max-mask-age", "Greatest age of masks",
                            "Live: milliseconds after which a mask is not used any more: the background alone is shown",
                            1, G_MAXINT, static_cast<guint>(defaults.max_mask_age_ms), kFlags));
  flag(kFrameMetaWanted, "frame-meta", "Meta on frames",
       "Attach a GstCustomMeta GstScrimFrame with the alpha and the times of every frame to its buffer", false);
  install(kOnFailure, g_param_spec_enum("on-failure", "On failure", "What to do when a frame cannot be processed",
                                        OnFailureType(), kDrawBackground, kFlags));
  install(kStats, g_param_spec_boxed(
                      "stats", "Statistics",
                      "Since the start: frames drawn; of these background-only (without a person), failures (because "
                      "something went wrong), segmented (with a person looked for), unchanged and late (with an "
                      "earlier frame's mask); masks made; mean milliseconds of each stage of the segmented "
                      "ones: sample, network, matte, compose, wait; latency; input-size and mask-interval in use",
                      GST_TYPE_STRUCTURE, static_cast<GParamFlags>(G_PARAM_READABLE | G_PARAM_STATIC_STRINGS)));
}

}  // namespace scrim::gst
