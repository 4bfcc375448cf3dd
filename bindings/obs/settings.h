// What users set, and how OBS shows it.
#pragma once

#include <obs-module.h>

#include <string>

#include "obs/matting.h"

namespace scrim::obs {

enum class BackgroundKind { kTransparent = 0, kBlur = 1, kColour = 2, kPicture = 3 };  // as in scrim.effect

struct Settings {
  MattingOptions matting;
  BackgroundKind background = BackgroundKind::kTransparent;
  float blur = 14;      // sigma in pixels of a frame with 720 rows
  uint32_t colour = 0;  // 0xAABBGGRR, as OBS keeps it
  std::string picture;  // file
  float low = 0.2f, high = 0.8f;
  float light_wrap = 0.15f;
  bool decontaminate = true;
};

void SetDefaults(obs_data_t* data);
Settings ReadSettings(obs_data_t* data);
obs_properties_t* MakeProperties();

}  // namespace scrim::obs
