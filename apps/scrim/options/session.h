// From the command line's options to a session of the public library, and between its types and ours.
#pragma once

#include <scrim/scrim.hpp>
#include <string>

#include "base/status.h"
#include "graph/model.h"
#include "image/frame.h"

namespace scrim::app {

// Options that every command knows.
struct CommonOptions {
  std::string model;          // empty: the released default
  std::string target;         // empty: the best
  int threads = 1;            // for the network
  graph::Density input_size;  // 0x0: the model's own
  bool refine_edges = true;   // along the frame's own
  bool raw = false;           // no stabiliser

  // What only drawing needs; see scrim_params.
  bool keep_room = false, decontaminate_edges = true;
  float light_wrap = DefaultParams().light_wrap, match_brightness = 0;
  float person_size = 1, person_position = 1;
  std::string hair_color;  // #rrggbb; empty: its own
  float hair_strength = 0.8f, smooth_skin = 0;
};

// The model file to use: as given, or models/default.scrim above the program, or share/scrim beside it, or where scrim
// was installed. kNotFound says where it looked.
StatusOr<std::string> FindModel(const CommonOptions& options);

StatusOr<Session> OpenSession(const CommonOptions& options);

// The last error of the public library as a Status.
Status ToStatus(scrim_status status);

scrim_frame ToPublic(const image::FrameView& view);
image::FrameView FromPublic(const scrim_frame& frame);

}  // namespace scrim::app
