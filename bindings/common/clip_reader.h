// Clips of any container and codec, decoded in order: upright frames that can be drawn on, and sound. Over FFmpeg.
#pragma once

#include <functional>
#include <memory>
#include <queue>
#include <string>
#include <vector>

#include "base/status.h"
#include "common/av.h"
#include "common/byte_source.h"
#include "common/frame_fitter.h"

namespace scrim {

class WebpFrames;

class ClipReader {
 public:
  struct Options {
    bool sound = false;  // all sound tracks are decoded; else none
    bool even = false;   // see FrameFitter
    bool mirror = false;
    std::function<bool()> stop;  // whether to give up waiting for a pipe
  };
  // path: a file, or "-" for standard input. Errors name it: missing, not a clip, no video.
  static StatusOr<std::unique_ptr<ClipReader>> Open(const std::string& path, const Options& options);
  ~ClipReader();
  ClipReader(const ClipReader&) = delete;

  enum class Kind { kFrame, kSound, kEnd };
  struct Item {
    Kind kind = Kind::kEnd;
    AVFrame* frame = nullptr;  // the reader's until the next call
    size_t track = 0;          // of kSound
    int64_t time = 0;          // from the clip's beginning, in time_base; of kSound in microseconds
    int64_t duration = 0;      // of a frame, in time_base
  };
  // What comes next in the file. Damaged packets are left out, as players do.
  StatusOr<Item> Next();

  // At the end: kCorrupt where a track ends before its container says, by the span from first to last time stamp.
  Status CheckWhole() const;

  AVRational time_base() const { return time_base_; }
  AVRational rate() const { return rate_; }    // nominal frames a second; 0/1: unknown
  double seconds() const { return seconds_; }  // by the container; 0: unknown
  size_t sound_tracks() const { return sounds_; }
  const AVCodecContext& sound(size_t track) const { return *tracks_[track + 1].decoder; }
  // Tags that tell of the clip and hold no picture, and those of a sound track.
  AVDictionary* tags() const { return tags_; }
  AVDictionary* sound_tags(size_t track) const { return tracks_[track + 1].tags; }
  // What was left out, in one line each.
  const std::vector<std::string>& notes() const { return notes_; }

 private:
  struct Track {
    AVStream* stream = nullptr;
    Av<AVCodecContext> decoder;
    AVDictionary* tags = nullptr;
    std::priority_queue<int64_t, std::vector<int64_t>, std::greater<>> stamps;  // of packets, where frames have none
    int64_t first = AV_NOPTS_VALUE, end = AV_NOPTS_VALUE;  // of decoded frames, in the stream's base
  };
  ClipReader() = default;
  Status OpenFile();
  Status OpenTrack(AVStream* stream);
  void ChooseTracks();
  void NameTags();
  void FindBeginning();
  StatusOr<bool> Decoded(size_t track, Item* item);
  StatusOr<Item> VideoItem(Track& track);
  Item SoundItem(Track& track, size_t index);

  std::string path_;
  Options options_;
  std::unique_ptr<ByteSource> source_;
  AVFormatContext* format_ = nullptr;
  std::vector<Track> tracks_;  // the picture, then the sounds
  size_t sounds_ = 0;
  std::unique_ptr<FrameFitter> fitter_;
  std::unique_ptr<WebpFrames> webp_;  // instead of all that
  Av<AVPacket> packet_{av_packet_alloc()};
  Av<AVFrame> decoded_ = NewFrame(), fitted_ = NewFrame();
  AVRational time_base_{1, 1000}, rate_{0, 1};
  AVDictionary* tags_ = nullptr;
  double seconds_ = 0;
  int64_t beginning_us_ = 0;
  int64_t last_time_ = AV_NOPTS_VALUE;
  size_t fed_ = 0;  // the track that the last packet went to
  bool feeding_ = false, draining_ = false;
  int64_t damaged_ = 0;
  std::vector<std::string> notes_;
};

}  // namespace scrim
