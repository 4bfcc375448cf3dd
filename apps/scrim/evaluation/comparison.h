// One input, many systems: what each finds, how well and how fast.
#pragma once

#include <string>
#include <vector>

#include "evaluation/contestant.h"
#include "metrics/clip.h"

namespace scrim::app {

struct Standing {
  std::string name;
  bool network = false;
  double ms = 0;                 // a frame, median; from the frame to its mask at full size
  metrics::ClipQuality quality;  // over frames with truth; frames: how many
  std::vector<double> ious;      // of the columns of the sheet; -1: no truth
};

class Comparison {
 public:
  explicit Comparison(std::vector<Contestant> contestants);

  // All contestants find their mask of the frame, one after the other. truth: as large as the frame, or empty. Errors
  // name the contestant.
  Status Run(const image::FrameView& frame, const image::Bytes& truth);

  // The next frame has nothing to do with the last one.
  void Reset();

  // Of the last frame: the frame and, before green, what each found, with names, milliseconds and IoU. Even sides, the
  // same ones for frames of the same size.
  image::Frame DrawGrid(const image::FrameView& frame) const;

  // A contact sheet grows by the last frame; a row for each contestant, with its figures so far and its IoU on each
  // frame.
  void AddToSheet(const image::FrameView& frame, const std::string& title);
  image::Frame DrawSheet() const;
  size_t columns() const { return columns_.size(); }
  std::vector<std::string> titles() const;  // of the columns

  int64_t frames() const { return frames_; }
  std::vector<Standing> Result() const;

 private:
  struct Entry {
    Contestant contestant;
    image::Bytes mask;
    std::vector<double> ms;
    double iou = -1;  // of the last frame; -1: no truth
    metrics::ClipComparison quality;
  };
  struct Column {
    std::string title;
    std::vector<image::Frame> tiles;  // the frame, then one for each contestant
    std::vector<double> ious;         // of each contestant; -1: no truth
  };
  std::vector<image::Frame> Tiles(const image::FrameView& frame, int width) const;

  std::vector<Entry> entries_;
  std::vector<Column> columns_;
  int64_t frames_ = 0;
};

}  // namespace scrim::app
