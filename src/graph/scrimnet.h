// scrim's own network: a U-Net for real-time portrait segmentation. Every part of the recipe is a switch, so that an
// ablation can turn it off. docs/design.md names the parts.
#pragma once

#include "graph/graph.h"

namespace scrim::graph {

// The fields' defaults are the preset `published`.
struct ScrimnetConfig {
  std::string name = "published";

  // Widths by level: 2 stands for half resolution, 4 for a quarter, and so on.
  int width_2 = 8;
  int stem_width = 16;  // 0: no stem; what is known at 1/4 comes from 1/2 alone
  int width_4 = 24;
  int width_8 = 40;
  int width_16 = 96;
  int width_32 = 192;
  int blocks_8 = 0;   // further residual blocks at 1/8; without `expand` there is one already
  int blocks_16 = 2;  // residual blocks at 1/16, each followed by a squeezed bottleneck
  int blocks_32 = 3;  // bottlenecks at 1/32; the first follows a residual block, with `expand` all but the first do
  int aspp_width = 48;
  int bottom_width = 128;
  int decoder_16 = 64, decoder_8 = 40, decoder_4 = 16, decoder_2 = 8;

  bool previous_mask = true;  // a fourth input channel
  int stem_kernel = 5;        // large kernel on the full-resolution frame
  int stem_stride = 4;        // 4, or 2 followed by a second stride of 2
  int deep_kernel = 3;        // of depthwise convolutions at 1/16 and 1/32 but the pyramid's
  // From 1/8 down, blocks are inverted residuals that widen by this factor (Sandler et al. 2018, MobileNetV2, section
  // 3) with plain ReLUs. 0: separable convolutions, as published.
  int expand = 0;
  int squeeze = 16;       // bottlenecks narrow by this factor
  bool separable = true;  // depthwise + pointwise instead of full 3×3 convolutions
  bool aspp = true;       // atrous spatial pyramid pooling, depthwise, rates 1, 2, 3 and the picture's mean
  bool skips = true;
  bool attention_gates = true;    // Oktay et al. 2018, Attention U-Net
  bool spatial_attention = true;  // Woo et al. 2018, CBAM, the spatial half
  float dropout = 0.f;            // spatial dropout rate behind the bottom and the decoder steps

  int planes = 1;  // of probabilities, all from the last features

  int refine_layers = 2;  // DenseNet layers at full resolution; 0 turns the refinement off
  int refine_growth = 2;
  int refine_width = 4;  // channels that come up from half resolution
};

// A preset by its name, with fields of the config changed where they follow a colon:
// "default:squeeze=32,attention_gates=0". lite: at most 15 MMAC at 160×96; default: 65 at 256×144; quality: 260 at
// 256×256; published: the network of version 0.1, every part of the published recipe on. Errors: kNotFound for another
// name, kInvalidArgument naming a field that there is not or a value that is no number.
StatusOr<ScrimnetConfig> ScrimnetPreset(const std::string& text);

// The network; its output is `planes` planes of probabilities 0..1, as large as the input. Inputs whose sides are
// multiples of 16 give the cleanest pyramid; other sizes are rounded up inside and work too.
StatusOr<Graph> Scrimnet(const ScrimnetConfig& config);

}  // namespace scrim::graph
