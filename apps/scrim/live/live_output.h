// The half of a live run that draws and shows: frames in, the element `scrim`, a sink.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "live/pipewire_camera.h"
#include "live/sink.h"
#include "media/pipeline.h"
#include "options/filter_options.h"

namespace scrim::app {

class LiveOutput {
 public:
  struct Options {
    FilterOptions filter;
    std::string sink, path;  // see DescribeSink
    bool mirror = false, patient = false;
    int64_t frames = 0;   // the end; 0: none
    double duration = 0;  // seconds
    // From any thread: of the window; how many look at the PipeWireCamera.
    std::function<void(const std::string&)> on_key;
    std::function<void(int)> on_clients;
  };
  // canvas: what all frames are. May wait for files, daemons and servers, as the destructor may.
  static StatusOr<std::unique_ptr<LiveOutput>> Start(const Options& options, GstCaps* canvas);
  ~LiveOutput();
  LiveOutput(const LiveOutput&) = delete;

  // Any thread. The newest frames win. Takes the buffer.
  void Push(Owned<GstBuffer> buffer);
  // The background alone, without a frame.
  void PushAlone();

  // In one line why the background stays as it was; empty: all went well. Any thread; waits for files. The last call
  // counts.
  std::string SetBackground(const std::string& text);
  // The same of the colour of the hair, empty for its own, and of how far skin is smoothed, 0 to 1.
  std::string SetHairColor(const std::string& text);
  std::string SetSkinSmoothing(float strength);
  // Whether each frame may wait long for its mask, because the next one comes late.
  void SetPatient(bool patient);
  void SetHidden(bool hidden);  // the background alone
  void SetMirror(bool mirror);
  Owned<GstStructure> stats() const;

  void End();  // what is on the way is finished; Poll says when
  enum class State { kRuns, kEnded, kClosed, kFailed };
  // What happened since the last call. kClosed: somebody closed the window. problem: of kFailed. Prints warnings of the
  // element.
  State Poll(std::string* problem);
  bool limit_reached() const { return limit_reached_; }
  bool worked() const { return shown_ > 1; }  // the sink took a frame
  int64_t shown() const { return shown_; }    // buffers that the sink took
  bool comes_back() const { return comes_back_; }

 private:
  LiveOutput() = default;
  static GstPadProbeReturn OnDrawn(GstPad* pad, GstPadProbeInfo* info, gpointer data);
  void SetBypass(bool alone);

  Options options_;
  bool comes_back_ = false, patient_ = false;
  std::mutex mutex_;
  bool alone_ = false, hidden_ = false;  // behind mutex_
  std::atomic<int64_t> drawn_{0}, shown_{0};
  std::atomic<bool> limit_reached_{false};
  Owned<GstBuffer> blank_;
  std::unique_ptr<PipeWireCamera> camera_;  // goes after the pipeline that pushes into it
  Owned<GstElement> pipeline_, in_, filter_;
};

}  // namespace scrim::app
