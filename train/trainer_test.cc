#include "trainer.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "checkpoint.h"
#include "datasets/folder.h"
#include "drawn_people.h"
#include "evaluate.h"
#include "folder_test.h"

namespace scrim::train {
namespace {

namespace fs = std::filesystem;

// A folder data set drawn by us: a dark "person" (an ellipse) on a bright noisy room; a pack made of it.
class TrainerTest : public FolderTest {
 protected:
  void SetUp() override {
    DrawPeople(root_ / "drawn", 24);
    const auto found = ReadFolder((root_ / "drawn").string(), Role::kPhoto);
    ASSERT_TRUE(found.ok()) << found.status().message();
    std::vector<PackEntry> entries;
    for (size_t i = 0; i < found->examples.size(); ++i)
      entries.push_back({found->examples[i], i % 6 == 0 ? Split::kVal : Split::kTrain});
    const auto counts = WritePack(entries, 320, 2, (root_ / "pack").string());
    ASSERT_TRUE(counts.ok());
    ASSERT_EQ(counts->written, 24);
  }

  TrainOptions Options(const std::string& run) const {
    TrainOptions o;
    o.pack = (root_ / "pack").string();
    o.output = (root_ / run).string();
    o.densities = {{64, 32}, {32, 32}};
    o.eval_densities = {{64, 32}};
    o.batch = 4;
    o.epochs = 4;
    o.network.dropout = 0.05f;
    o.loader_threads = 2;
    o.previous_mask_from = 0.2, o.previous_mask_until = 0.5, o.own_masks = 0.3, o.own_mask_frames = 3;
    return o;
  }
};

TEST_F(TrainerTest, ResumesExactly) {
  at::set_num_threads(1);
  ASSERT_TRUE(Train(Options("whole")).ok());
  TrainOptions parts = Options("parts");
  parts.stop_after = 7;
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(Train(parts).ok());
  const auto a = LoadCheckpoint((root_ / "whole/checkpoint").string());
  const auto b = LoadCheckpoint((root_ / "parts/checkpoint").string());
  ASSERT_TRUE(a.ok() && b.ok());
  EXPECT_EQ(a->numbers.at("step"), 20);
  EXPECT_EQ(b->numbers.at("step"), 20);
  for (const auto& [name, tensor] : a->tensors) EXPECT_TRUE(torch::equal(tensor, b->tensors.at(name))) << name;
}

// A run that starts from another goes on with its samples, and does not see the same ones again.
TEST_F(TrainerTest, GoesOnBehindTheSamplesOfWhatItStartedFrom) {
  TrainOptions first = Options("first");
  ASSERT_TRUE(Train(first).ok());
  TrainOptions second = Options("second"), third = Options("third");
  second.start_from = {{(root_ / "first/checkpoint").string()}};
  second.start_network = second.network;
  second.stop_after = 3;
  ASSERT_TRUE(Train(second).ok());
  third.start_from = {{(root_ / "first/checkpoint").string()}, {(root_ / "second/checkpoint").string()}};
  third.start_network = third.network;
  third.stop_after = 2;
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(Train(third).ok());
  auto a = LoadCheckpoint((root_ / "first/checkpoint").string());
  const auto b = LoadCheckpoint((root_ / "second/checkpoint").string()),
             c = LoadCheckpoint((root_ / "third/checkpoint").string());
  ASSERT_TRUE(a.ok() && b.ok() && c.ok());
  EXPECT_EQ(a->numbers.at("before"), 0);
  EXPECT_EQ(b->numbers.at("before"), 20);
  EXPECT_EQ(c->numbers.at("before"), 23);
  EXPECT_EQ(c->numbers.at("step"), 4);
  // From the same weights, with the first run's samples once more, they become others.
  a->numbers["step"] = 0;
  ASSERT_TRUE(SaveCheckpoint(*a, (root_ / "forgetful").string()).ok());
  TrainOptions again = second;
  again.output = (root_ / "again").string();
  again.start_from = {{(root_ / "forgetful").string()}};
  ASSERT_TRUE(Train(again).ok());
  const auto d = LoadCheckpoint((root_ / "again/checkpoint").string());
  ASSERT_TRUE(d.ok());
  EXPECT_EQ(d->numbers.at("step"), b->numbers.at("step"));
  EXPECT_FALSE(torch::equal(d->tensors.at("parameters"), b->tensors.at("parameters")));
}

TEST_F(TrainerTest, LearnsFromATeacherAndResumesExactly) {
  at::set_num_threads(1);
  TrainOptions alone = Options("alone"), taught = Options("taught"), parts = Options("parts");
  alone.stop_after = taught.stop_after = 6, parts.stop_after = 3;
  taught.teachers = parts.teachers = {SCRIM_MODELS "/default.scrim"};
  taught.teacher_share = parts.teacher_share = 1.f;
  ASSERT_TRUE(Train(alone).ok());
  ASSERT_TRUE(Train(taught).ok());
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(Train(parts).ok());
  const auto a = LoadCheckpoint((root_ / "alone/checkpoint").string()),
             b = LoadCheckpoint((root_ / "taught/checkpoint").string()),
             c = LoadCheckpoint((root_ / "parts/checkpoint").string());
  ASSERT_TRUE(a.ok() && b.ok() && c.ok());
  EXPECT_FALSE(torch::equal(a->tensors.at("parameters"), b->tensors.at("parameters")));
  EXPECT_TRUE(torch::equal(b->tensors.at("parameters"), c->tensors.at("parameters")));
}

TEST_F(TrainerTest, RefusesToResumeAnotherRun) {
  TrainOptions o = Options("run");
  o.stop_after = 1;
  ASSERT_TRUE(Train(o).ok());
  o.seed = 2;
  EXPECT_EQ(Train(o).status().code(), Code::kInvalidArgument);
  o.seed = 1;
  o.augment.target = Target::kEdges;
  EXPECT_NE(Train(o).status().message().find("target"), std::string::npos);
}

TEST_F(TrainerTest, LearnsAndWritesCurves) {
  TrainOptions o = Options("run");
  o.epochs = 40, o.eval_every = 20, o.average_decay = 0.95;
  ASSERT_TRUE(Train(o).ok());
  std::ifstream csv(root_ / "run/curves.csv");
  std::string header, first, last;
  std::getline(csv, header);
  std::getline(csv, first);
  std::getline(csv, last);
  EXPECT_EQ(header.substr(0, 10), "step,epoch");
  double step, epoch, minutes, images, rate, loss, iou;
  ASSERT_EQ(
      std::sscanf(last.c_str(), "%lf,%lf,%lf,%lf,%lf,%lf,%lf", &step, &epoch, &minutes, &images, &rate, &loss, &iou),
      7);
  EXPECT_EQ(step, 200);
  EXPECT_GT(iou, 0.6);  // an untrained network finds everything or nothing
}

// The same run with another target finds the outline instead of the person: of the mask's IoU with the outline, 0.14,
// and that of everything, 0.08, it is well clear.
TEST_F(TrainerTest, LearnsEdges) {
  TrainOptions o = Options("run");
  o.densities = o.eval_densities;
  o.augment.target = Target::kEdges;
  o.epochs = 30, o.eval_every = 30, o.average_decay = 0.95, o.previous_mask_from = 1;
  ASSERT_TRUE(Train(o).ok());
  auto pack = Pack::Open(o.pack);
  auto graph = graph::Scrimnet(o.network);
  ASSERT_TRUE(pack.ok() && graph.ok());
  auto network = Network::Create(*graph, torch::kCPU);
  ASSERT_TRUE(network.ok());
  ASSERT_TRUE(RestoreAverage((root_ / "run/checkpoint").string(), *network).ok());
  std::vector<const Record*> photos;
  for (const Record& r : (*pack)->records())
    if (r.split == Split::kVal) photos.push_back(&r);
  const double edges = Evaluate(*network, **pack, photos, {{64, 32}}, Target::kEdges).all.iou,
               mask = Evaluate(*network, **pack, photos, {{64, 32}}).all.iou;
  EXPECT_GT(edges, 0.4);
  EXPECT_LT(mask, 0.5 * edges);
}

// The mean of two runs is the mean of their weights, with statistics of its own, or, where they are fixed, the mean of
// theirs. Fixed statistics stay what they were, and the network learns all the same.
TEST_F(TrainerTest, StartsFromAMeanOfRuns) {
  at::set_num_threads(1);
  TrainOptions o = Options("a");
  ASSERT_TRUE(Train(o).ok());
  o.output = (root_ / "b").string(), o.seed = 2;
  ASSERT_TRUE(Train(o).ok());
  o.output = (root_ / "mean").string(), o.learning_rate = 0, o.stop_after = 1;
  o.start_from = {{(root_ / "a/checkpoint").string(), 3}, {(root_ / "b/checkpoint").string(), 1}};
  ASSERT_TRUE(Train(o).ok());
  const auto a = LoadCheckpoint((root_ / "a/checkpoint").string()),
             b = LoadCheckpoint((root_ / "b/checkpoint").string()),
             mean = LoadCheckpoint((root_ / "mean/checkpoint").string());
  ASSERT_TRUE(a.ok() && b.ok() && mean.ok());
  const auto& wanted = 0.75 * a->tensors.at("average.parameters") + 0.25 * b->tensors.at("average.parameters");
  EXPECT_TRUE(torch::allclose(mean->tensors.at("parameters"), wanted, 1e-4, 1e-6));
  EXPECT_FALSE(torch::allclose(mean->tensors.at("statistics"), a->tensors.at("average.statistics"), 1e-2, 1e-3));

  o.output = (root_ / "fixed_mean").string(), o.fixed_statistics = true;
  ASSERT_TRUE(Train(o).ok());
  const auto fixed_mean = LoadCheckpoint((root_ / "fixed_mean/checkpoint").string());
  ASSERT_TRUE(fixed_mean.ok());
  EXPECT_TRUE(torch::allclose(fixed_mean->tensors.at("statistics"),
                              0.75 * a->tensors.at("average.statistics") + 0.25 * b->tensors.at("average.statistics"),
                              1e-4, 1e-6));

  o = Options("fixed");
  o.fixed_statistics = true;
  EXPECT_NE(Train(o).status().message().find("--start-from"), std::string::npos);
  o.start_from = {{(root_ / "a/checkpoint").string()}};
  ASSERT_TRUE(Train(o).ok());
  const auto fixed = LoadCheckpoint((root_ / "fixed/checkpoint").string());
  ASSERT_TRUE(fixed.ok());
  EXPECT_TRUE(torch::equal(fixed->tensors.at("statistics"), a->tensors.at("average.statistics")));
  EXPECT_FALSE(torch::allclose(fixed->tensors.at("parameters"), a->tensors.at("average.parameters"), 1e-2, 1e-3));
}

TEST_F(TrainerTest, FineTuningForInt8ResumesExactly) {
  at::set_num_threads(1);
  ASSERT_TRUE(Train(Options("float")).ok());
  TrainOptions whole = Options("whole");
  whole.start_from = {{(root_ / "float/checkpoint").string()}};
  whole.epochs = 2, whole.for_int8 = true;
  EXPECT_NE(Train(whole).status().message().find("--fixed-statistics"), std::string::npos);
  whole.fixed_statistics = true;
  ASSERT_TRUE(Train(whole).ok());
  TrainOptions parts = whole;
  parts.output = (root_ / "parts").string(), parts.stop_after = 6;
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(Train(parts).ok());
  const auto a = LoadCheckpoint((root_ / "whole/checkpoint").string()),
             b = LoadCheckpoint((root_ / "parts/checkpoint").string());
  ASSERT_TRUE(a.ok() && b.ok());
  EXPECT_GT(a->tensors.at("ranges").abs().sum().item<float>(), 0.f);
  for (const auto& [name, tensor] : a->tensors) EXPECT_TRUE(torch::equal(tensor, b->tensors.at(name))) << name;
}

// A share of few photos may be none of them.
TEST_F(TrainerTest, NeedsNoPhotosForValidation) {
  const auto found = ReadFolder((root_ / "drawn").string(), Role::kPhoto);
  ASSERT_TRUE(found.ok());
  std::vector<PackEntry> entries;
  for (const Example& example : found->examples) entries.push_back({example, Split::kTrain});
  ASSERT_TRUE(WritePack(entries, 320, 2, (root_ / "all").string()).ok());
  TrainOptions options = Options("run");
  options.pack = (root_ / "all").string(), options.epochs = 1;
  const auto trained = Train(options);
  EXPECT_TRUE(trained.ok()) << trained.status().message();
  EXPECT_FALSE(fs::exists(root_ / "run/worst.png"));
}

TEST_F(TrainerTest, NamesWhatIsMissing) {
  TrainOptions o = Options("run");
  o.sources = {{"nowhere", 1.f}};
  EXPECT_NE(Train(o).status().message().find("nowhere"), std::string::npos);
  o = Options("run");
  o.pack = "/no/such/pack";
  EXPECT_EQ(Train(o).status().code(), Code::kNotFound);
  std::ofstream(root_ / "cut") << "scrmpak1 and nothing more";
  o.pack = (root_ / "cut").string();
  EXPECT_EQ(Train(o).status().code(), Code::kCorrupt);
  o = Options("run");
  o.start_from = {{"/no/such/checkpoint"}}, o.fixed_statistics = true, o.for_int8 = true, o.mixed_precision = true;
  EXPECT_NE(Train(o).status().message().find("--mixed-precision"), std::string::npos);
}

// One run, or one of several that share it, in a process of its own.
class Process {
 public:
  Process(const TrainOptions& options, int rank, int size, int port) : pid_(fork()) {
    if (pid_ != 0) return;
    setenv("RANK", std::to_string(rank).c_str(), 1);
    setenv("WORLD_SIZE", std::to_string(size).c_str(), 1);
    setenv("MASTER_ADDR", "127.0.0.1", 1);
    setenv("MASTER_PORT", std::to_string(port).c_str(), 1);
    at::set_num_threads(1);
    _exit(Train(options).ok() ? 0 : 1);
  }
  int Wait() {
    int status = -1;
    waitpid(pid_, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
  }
  void Kill() { kill(pid_, SIGKILL); }

 private:
  pid_t pid_;
};

// Any free port.
int FreePort() {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  socklen_t size = sizeof address;
  bind(fd, reinterpret_cast<sockaddr*>(&address), size);
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  close(fd);
  return ntohs(address.sin_port);
}

std::vector<double> Losses(const fs::path& run) {
  std::ifstream csv(run / "curves.csv");
  std::string line;
  std::getline(csv, line);
  std::vector<double> losses;
  for (double loss; std::getline(csv, line);)
    if (std::sscanf(line.c_str(), "%*f,%*f,%*f,%*f,%*f,%lf", &loss) == 1) losses.push_back(loss);
  return losses;
}

// Dropout apart, whose draws differ, two processes do what one does with the same batch.
TEST_F(TrainerTest, TwoProcessesTrainLikeOne) {
  auto options = [&](const char* run) {
    TrainOptions o = Options(run);
    o.network.dropout = 0, o.epochs = 3, o.eval_every = 0.5, o.edge_loss = 0.3;
    o.learning_rate = 1e-3;
    return o;
  };
  ASSERT_EQ(Process(options("one"), 0, 1, 0).Wait(), 0);
  const int port = FreePort();
  Process first(options("two"), 0, 2, port), second(options("two"), 1, 2, port);
  EXPECT_EQ(first.Wait(), 0);
  EXPECT_EQ(second.Wait(), 0);
  const std::vector<double> one = Losses(root_ / "one"), two = Losses(root_ / "two");
  ASSERT_GE(one.size(), 5u);
  ASSERT_EQ(one.size(), two.size());
  // The order of additions differs, and batch norms over four values (32×32 pixels at 1/32) make much of little: 0.1 %
  // in the first three steps, 0.4 % later.
  for (size_t i = 0; i < one.size(); ++i) EXPECT_NEAR(one[i], two[i], (i == 0 ? 2e-3 : 1e-2) * one[i]) << i;
  const auto a = LoadCheckpoint((root_ / "one/checkpoint").string());
  const auto b = LoadCheckpoint((root_ / "two/checkpoint").string());
  ASSERT_TRUE(a.ok() && b.ok());
  EXPECT_EQ(b->numbers.at("step"), 15);
}

// With statistics of its own each process normalises by its part of the batch: the first batch norm, which sees the
// picture, finds the same means in the end, those behind it do not. All go on with the mean of what they found, so that
// a resumed run is the same run.
TEST_F(TrainerTest, ProcessesWithStatisticsOfTheirOwn) {
  const auto train = [&](const char* run, bool own, std::vector<int64_t> stops) {
    TrainOptions o = Options(run);
    o.own_statistics = own, o.previous_mask_from = 0, o.previous_mask_until = 0.1;
    for (const int64_t stop : stops) {
      o.stop_after = stop;
      const int port = FreePort();
      Process first(o, 0, 2, port), second(o, 1, 2, port);
      EXPECT_EQ(first.Wait() + second.Wait(), 0) << run;
    }
    auto checkpoint = LoadCheckpoint((root_ / run / "checkpoint").string());
    EXPECT_TRUE(checkpoint.ok());
    return *checkpoint;
  };
  const torch::Tensor own = train("own", true, {1}).tensors.at("statistics"),
                      shared = train("shared", false, {1}).tensors.at("statistics");
  const int64_t channels = Options("own").network.width_2;
  EXPECT_GT(shared.narrow(0, 0, channels).abs().max().item<float>(), 1e-3);
  EXPECT_TRUE(torch::allclose(own.narrow(0, 0, channels), shared.narrow(0, 0, channels), 1e-4, 1e-6));
  EXPECT_FALSE(torch::allclose(own, shared, 1e-4, 1e-6));
  const Checkpoint whole = train("own_whole", true, {0}), parts = train("own_parts", true, {7, 0});
  EXPECT_EQ(whole.numbers.at("step"), 20);
  for (const auto& [name, tensor] : whole.tensors) EXPECT_TRUE(torch::equal(tensor, parts.tensors.at(name))) << name;
}

// Where one is killed the other ends with an error, and both go on from the last checkpoint.
TEST_F(TrainerTest, KilledProcessLeavesACheckpointToGoOnFrom) {
  TrainOptions begin = Options("killed");
  begin.network.dropout = 0, begin.stop_after = 4;
  int port = FreePort();
  {
    Process first(begin, 0, 2, port), second(begin, 1, 2, port);
    ASSERT_EQ(first.Wait() + second.Wait(), 0);
  }
  TrainOptions whole = begin;
  whole.stop_after = 0;
  port = FreePort();
  {
    TrainOptions endless = whole;
    endless.checkpoint_minutes = 1e9;
    Process first(endless, 0, 2, port), second(endless, 1, 2, port);
    second.Kill();
    EXPECT_EQ(second.Wait(), 128);
    first.Kill();  // it waits for the other to come
    first.Wait();
  }
  port = FreePort();
  Process first(whole, 0, 2, port), second(whole, 1, 2, port);
  EXPECT_EQ(first.Wait() + second.Wait(), 0);
  const auto checkpoint = LoadCheckpoint((root_ / "killed/checkpoint").string());
  ASSERT_TRUE(checkpoint.ok());
  EXPECT_EQ(checkpoint->numbers.at("step"), 20);
  // The same as without the interruption.
  TrainOptions straight = whole;
  straight.output = (root_ / "straight").string();
  port = FreePort();
  {
    Process a(straight, 0, 2, port), b(straight, 1, 2, port);
    EXPECT_EQ(a.Wait() + b.Wait(), 0);
  }
  const auto other = LoadCheckpoint((root_ / "straight/checkpoint").string());
  ASSERT_TRUE(other.ok());
  for (const auto& [name, tensor] : checkpoint->tensors)
    EXPECT_TRUE(torch::equal(tensor, other->tensors.at(name))) << name;
}

TEST_F(TrainerTest, NamesWhatIsWrongWithTheProcesses) {
  const auto with = [&](const char* variable, const char* value) {
    setenv("WORLD_SIZE", "2", 1);
    setenv("RANK", "0", 1);
    unsetenv("MASTER_ADDR");
    setenv(variable, value, 1);
    const Status status = Train(Options("run")).status();
    for (const char* name : {"WORLD_SIZE", "RANK", "MASTER_ADDR"}) unsetenv(name);
    return status.message();
  };
  EXPECT_NE(with("WORLD_SIZE", "many").find("WORLD_SIZE=many"), std::string::npos);
  EXPECT_NE(with("RANK", "2").find("below WORLD_SIZE=2"), std::string::npos);
  EXPECT_NE(with("RANK", "1").find("MASTER_ADDR is not set"), std::string::npos);
}

}  // namespace
}  // namespace scrim::train
