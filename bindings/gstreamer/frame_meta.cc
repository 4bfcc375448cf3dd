#include "frame_meta.h"

namespace scrim::gst {

void RegisterFrameMeta() {
  static const gchar* no_tags[] = {nullptr};
  if (gst_meta_get_info(kFrameMeta) == nullptr)
    gst_meta_register_custom(kFrameMeta, no_tags, nullptr, nullptr, nullptr);
}

void AttachFrameMeta(const Filter& filter, const Filter::Outcome& outcome, int width, int height, GstBuffer* buffer) {
  if (GstCustomMeta* old = gst_buffer_get_custom_meta(buffer, kFrameMeta))
    gst_buffer_remove_meta(buffer, reinterpret_cast<GstMeta*>(old));
  GstCustomMeta* meta = gst_buffer_add_custom_meta(buffer, kFrameMeta);
  if (meta == nullptr) return;
  const scrim_times times = filter.times();
  GstStructure* structure = gst_custom_meta_get_structure(meta);
  gst_structure_set(structure, "sample-ms", G_TYPE_DOUBLE, times.sample, "network-ms", G_TYPE_DOUBLE, times.network,
                    "matte-ms", G_TYPE_DOUBLE, times.matte, "compose-ms", G_TYPE_DOUBLE, times.compose, "wait-ms",
                    G_TYPE_DOUBLE, times.wait, "late", G_TYPE_BOOLEAN, outcome.late, "background-only", G_TYPE_BOOLEAN,
                    outcome.background_only, nullptr);
  if (outcome.background_only) return;
  GstBuffer* alpha = gst_buffer_new_allocate(nullptr, gsize{1} * width * height, nullptr);
  GstMapInfo map;
  if (gst_buffer_map(alpha, &map, GST_MAP_WRITE)) {
    const bool there = filter.GetAlpha(width, height, map.data, width);
    gst_buffer_unmap(alpha, &map);
    if (there) {
      gst_structure_set(structure, "width", G_TYPE_INT, width, "height", G_TYPE_INT, height, "alpha", GST_TYPE_BUFFER,
                        alpha, nullptr);
    }
  }
  gst_buffer_unref(alpha);
}

}  // namespace scrim::gst
