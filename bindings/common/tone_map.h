// HDR and wide colours to BT.709, as a table over Y, U and V.
#pragma once

#include <cstdint>
#include <vector>

extern "C" {
#include <libavutil/frame.h>
}

namespace scrim {

// What the numbers of a frame mean.
struct ColourSpace {
  AVColorSpace matrix = AVCOL_SPC_UNSPECIFIED;
  AVColorPrimaries primaries = AVCOL_PRI_UNSPECIFIED;
  AVColorTransferCharacteristic transfer = AVCOL_TRC_UNSPECIFIED;
  bool full_range = false;
  double peak = 1000;  // of the brightest light in cd/m², for PQ; HLG has 1000

  bool operator==(const ColourSpace&) const = default;
};

// Of a frame, its peak by what it says of its light (SMPTE ST 2086, CTA-861.3).
ColourSpace ColourSpaceOf(const AVFrame& frame);

// Whether a frame has to go through a ToneMap before it can be drawn on: PQ, HLG, or primaries wider than BT.709's.
bool IsWide(const ColourSpace& colours);

// PQ and HLG (ITU-R BT.2100) become display light, what exceeds SDR's reference white (203 cd/m², BT.2408) is
// compressed by the EETF of BT.2390 on the largest of R, G and B, BT.2020 or P3 become BT.709, what lies outside is
// desaturated, and the display's gamma is 2.4 (BT.1886).
class ToneMap {
 public:
  explicit ToneMap(const ColourSpace& from);  // 0.1 to 0.3 s

  // in: AV_PIX_FMT_YUV420P10 in these colours; out: AV_PIX_FMT_YUV420P of the same size, BT.709, video range.
  void Run(const AVFrame& in, AVFrame* out) const;

  const ColourSpace& from() const { return from_; }

  // One colour: R'G'B' in these primaries and transfer, 0 to 1, to R'G'B' of BT.709.
  static void Convert(const ColourSpace& from, const double in[3], double out[3]);

 private:
  static constexpr int kSide = 65;
  const uint16_t* Node(int y, int u, int v) const {
    return &table_[size_t{3} * ((size_t{1} * v * kSide + u) * kSide + y)];
  }

  ColourSpace from_;
  std::vector<uint16_t> table_;  // Y, U, V of 8 bits times 256; y runs fastest
};

}  // namespace scrim
