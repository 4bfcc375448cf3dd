// The network beside OBS: small pictures in, their masks out, on a thread of its own.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <scrim/scrim.hpp>
#include <string>
#include <thread>
#include <vector>

namespace scrim::obs {

using Clock = std::chrono::steady_clock;

// A picture and who is in it: R, G, B and mask (0 room to 255 person), rows without gaps.
struct Masked {
  int width = 0, height = 0;
  std::vector<uint8_t> pixels;
  Clock::time_point taken;  // when the picture was handed in
};

struct MattingOptions {
  std::string model;         // file
  bool stabilise = true;     // hold the mask still where nothing moves
  bool whole_frame = false;  // pictures have the frame's size, and masks follow their edges
  float budget_ms = 0;       // of work for a frame; 0: any

  bool operator==(const MattingOptions&) const = default;
};

// The newest picture wins: one that waits while the network runs is replaced by the next. All calls return at once.
class Matting {
 public:
  // log: takes one line, from any thread.
  explicit Matting(std::function<void(const std::string&)> log);
  ~Matting();
  Matting(const Matting&) = delete;
  Matting& operator=(const Matting&) = delete;

  // The frames to come: their size, and how they are looked at. What was found for others is forgotten.
  void Configure(const MattingOptions& options, int frame_width, int frame_height);

  // The size of the pictures that Push wants; 0x0: not known yet, or there is no network.
  void GetPictureSize(int* width, int* height);

  // R, G, B and anything, `stride` bytes a row, of the size that GetPictureSize gave last. Copied.
  void Push(const uint8_t* pixels, size_t stride, int width, int height);

  // The newest mask, if one came since the last call. Swapped with *masked, so that memory is used again.
  bool Pop(Masked* masked);

 private:
  void Work();
  void Open(const MattingOptions& options, int frame_width, int frame_height);
  void Segment();

  const std::function<void(const std::string&)> log_;
  std::mutex mutex_;
  std::condition_variable wakes_;
  // Behind mutex_.
  bool ends_ = false, wants_open_ = false, has_picture_ = false, has_mask_ = false;
  MattingOptions options_;
  int frame_width_ = 0, frame_height_ = 0, picture_width_ = 0, picture_height_ = 0;
  Masked waiting_, newest_;

  // The thread's own.
  Session session_;
  Masked current_;
  std::vector<uint8_t> alpha_;
  std::string last_error_;
  std::thread thread_;
};

}  // namespace scrim::obs
