// A training run from the first step to the last, resumable at every checkpoint.
#pragma once

#include <string>
#include <vector>

#include "augment/sample.h"
#include "datasets/photos.h"
#include "graph/model.h"
#include "graph/scrimnet.h"

namespace scrim::train {

struct Start {
  std::string path;
  double weight = 1;  // its share in the mean, where there are several
};

// Photos whose quality is reported together.
struct SourceGroup {
  std::string name;
  std::vector<std::string> sources;
};

struct TrainOptions {
  std::string pack;                                        // cache made by WritePack
  std::string output;                                      // folder for all that the run leaves (docs/train/data.md)
  std::vector<SourceWeight> sources;                       // empty: all photos of the training split, weight 1
  std::vector<graph::Density> densities{{160, 96}};        // batches take turns
  std::vector<graph::Density> eval_densities{{256, 144}};  // each photo at the one of its shape
  // Share of samples whose photo is drawn among those that have the batch's shape, and is seen whole.
  double fitting_share = 0;
  double epochs = 60;   // one epoch: as many samples as there are photos in the chosen sources
  int64_t samples = 0;  // length of the run in samples; 0: `epochs` says it
  int batch = 16;
  double learning_rate = 5e-3;
  bool fixed_statistics = false;  // of batch norms (Network::FixStatistics)
  bool own_statistics = false;    // with others: batch norms see this process's samples alone, not all of a batch
  bool for_int8 = false;          // Network::RoundAsInt8; wants fixed_statistics
  bool muon = false;              // for convolutions (AdamWOptions::muon)
  double edge_loss = 0.;          // weight of the gradients' difference
  double part_loss = 1.;          // of each plane behind the person's
  double warmup = 0.08;           // share of the run
  double average_decay = 0.998;   // of the exponential moving average
  double eval_every = 5;          // epochs
  double checkpoint_minutes = 3;
  uint64_t seed = 1;
  int loader_threads = 1;
  int threads = 1;               // for the network on the CPU
  std::string device = "cpu";    // or "cuda"
  bool mixed_precision = false;  // Network::MixPrecision
  int64_t stop_after = 0;        // end early after this many steps, as a SIGINT would; 0: never
  // Checkpoints, or released models (*.scrim), whose weights start a new run: of several their mean.
  std::vector<Start> start_from;
  graph::ScrimnetConfig start_network;  // that they were trained with
  // Previous masks come in between these shares of the run; before the first all are empty.
  double previous_mask_from = 0.5, previous_mask_until = 0.7;
  PreviousMaskShares previous_mask{0.5f, 0.25f, 0.1f, 0.15f};  // at the end of the ramp
  double own_masks = 0;               // of all samples: the previous mask is the averaged network's own (UseOwnMasks)
  int own_mask_frames = 1;            // after so many frames at most
  std::vector<std::string> teachers;  // model files (*.scrim); empty: the photos' masks alone
  float teacher_share = 0.5f;         // of the teachers' mask in what is to be found
  AugmentOptions augment;             // but for the teacher
  std::vector<SourceGroup> groups;    // of validation photos, in the curves
  graph::ScrimnetConfig network;
};

// Alone, or with others (Group::Join): `batch` counts all processes' samples, the first process evaluates and writes
// checkpoints, and the loss is the same curve that one process with that batch would have (but for own_statistics).
//
// Runs until all epochs are done, going on from output/checkpoint if there is one. Prints progress to stderr. A SIGINT
// or SIGTERM saves a checkpoint and ends the run early. Returns whether the run is complete.
StatusOr<bool> Train(const TrainOptions& options);

}  // namespace scrim::train
