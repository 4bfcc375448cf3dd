// The commands of `scrim`. Each returns what went wrong, in one line; main turns that into the exit status.
#pragma once

#include <string>
#include <vector>

#include "options/background_option.h"
#include "base/status.h"
#include "options/filter_options.h"
#include "options/session.h"
#include "live/source.h"

namespace scrim::app {

struct RunOptions {
  FilterOptions filter;  // its background is the first of these
  std::vector<BackgroundOption> backgrounds;
  std::string input, output;  // see SourceKind and SinkKind
  std::string contact_sheet;
  Mode mode;            // wanted of a camera, a screen or a test pattern; 0: what is sensible
  int64_t frames = 0;   // the end; 0: none
  double duration = 0;  // seconds; 0: none
  bool mirror = false, stats = false, quiet = false;
  bool keys = true;     // where stdin is a terminal
  std::string control;  // socket; empty: none
};
Status Run(const RunOptions& options);

struct DevicesOptions {
  bool json = false;
};
Status Devices(const DevicesOptions& options);

struct CtlOptions {
  std::string control;
  std::vector<std::string> words;  // the command
};
Status Ctl(const CtlOptions& options);

struct MatteOptions {
  CommonOptions common;
  std::string input, output;
  bool sequence = false, quiet = false;
};
Status Matte(const MatteOptions& options);

struct ImageOptions {
  CommonOptions common;
  std::string input, output;
  BackgroundOption background;
};
Status Image(const ImageOptions& options);

Status Info(const CommonOptions& options);

struct BenchOptions {
  CommonOptions common;
  bool json = false, steps = false;
  bool live = false;    // instead of all else: the live path at 30 frames a second
  std::string against;  // another model, whose network runs in turn with this one's
};
Status Bench(const BenchOptions& options);

struct EvalOptions {
  CommonOptions common;
  std::string data, split, predictions;
  std::vector<std::string> sources, groups;  // groups: NAME=SOURCE,SOURCE,...
  std::string json, plot, sheet;
  int worst = 0;
  bool quiet = false;
};
Status Eval(const EvalOptions& options);

struct DensityOptions {
  CommonOptions common;
  std::string data, split;
  std::vector<std::string> sources, groups;
  std::vector<graph::Density> densities;
  std::string csv, plot;
  bool quiet = false;
};
Status DensityChart(const DensityOptions& options);

struct CompareOptions {
  CommonOptions common;                      // of the networks; its model is not looked at
  std::string input;                         // a clip, a folder of images, or a live source
  std::vector<std::string> methods, models;  // see OpenContestants
  std::string masks;                         // folder of truth: STEM.png, or 000000.png for a clip's first frame
  std::string output;                        // picture: a contact sheet; any other sink: a grid video; empty: none
  std::string json;
  Mode mode;            // wanted of a live source
  int64_t frames = 0;   // the end; 0: none
  double duration = 0;  // seconds; 0: none
  bool sequence = false, quiet = false;
};
Status Compare(const CompareOptions& options);

struct ConvertOptions {
  std::string input, output;  // the input may be ONNX or a scrim model; the output's extension says what it becomes
  std::string name, description, licence;  // empty: as they are
  std::vector<float> scale, offset;        // one value, or one each for red, green and blue; empty: as they are
  bool bgr = false;                        // the network was trained with blue first
  bool half = false;                       // 16-bit weights
  graph::Density input_size;               // 0x0: the model's own
  bool int8 = false;                       // quantise, with photos of these folders
  std::vector<std::string> calibrate;
  int photos = 128;  // evenly from the folders
  double tolerance = 0.02;
  bool quiet = false;
};
Status Convert(const ConvertOptions& options);
bool IsConvertible(const std::string& path);  // by the extension: .scrim or .onnx

}  // namespace scrim::app
