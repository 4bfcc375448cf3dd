// A video as background: plays at its own rate, over and over, by the clock of the frames before it.
#pragma once

#include <scrim/scrim.h>

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "common/clip_reader.h"

namespace scrim::gst {

enum class Fit { kCover, kContain, kTile };

// Nanoseconds, as GStreamer counts them. kNoTime: it is not known, and no time passes.
inline constexpr uint64_t kNoTime = UINT64_MAX;

// One thread at a time.
class Clip {
 public:
  // In one line why not, with the path: no file, no video. Empty: *clip plays. fit: kTile is for pictures, and covers.
  static std::string Open(const std::string& path, Fit fit, std::unique_ptr<Clip>* clip);
  ~Clip();
  Clip(const Clip&) = delete;

  // Frames will be wanted like this one, whose planes are not looked at, decoded and scaled by a thread of the clip's.
  void SetSize(const scrim_frame& like);

  // Sets *frame to the one for this time, which is there until the next call. Only the steps between times count; one
  // back, or far ahead (a seek, another camera's clock), is none, and the clip goes on from where it is. False: the one
  // before stays, because its time is not over or, without wait, the next one is not decoded yet.
  bool FrameAt(uint64_t time, bool wait, scrim_frame* frame);

 private:
  struct Decoded {
    Av<AVFrame> frame;  // null: the clip's end
    uint64_t start = 0, duration = 0;
  };
  Clip(std::string path, Fit fit) : path_(std::move(path)), fit_(fit) {}
  void Start();
  void Stop();
  void Decode();
  bool Put(Decoded decoded);
  Status Convert(AVFrame* from, AVFrame* to);
  Decoded* Next(bool wait);
  void Take();

  const std::string path_;
  const Fit fit_;
  scrim_frame like_{};
  std::unique_ptr<ClipReader> reader_;  // the thread's, while it runs
  FilterChain chain_;
  std::thread thread_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Decoded> ready_;  // decoded, for their time
  bool stop_ = false, failed_ = false;

  uint64_t before_ = kNoTime;  // the time of the last call
  uint64_t place_ = 0;         // what has been played since this round began
  uint64_t end_ = 0;           // of the frames taken in this round
  bool fresh_ = true;          // no frame has been given since SetSize
  Av<AVFrame> shown_;
};

}  // namespace scrim::gst
