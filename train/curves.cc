#include "curves.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <vector>

namespace scrim::train {
namespace {

constexpr char kHeader[] = "step,epoch,minutes,images_per_second,learning_rate,loss,val_iou,portrait_iou,scene_iou";

constexpr char kPlot[] = R"(set terminal pngcairo size 900,420 font "sans,10"
set datafile separator ','
set key top right
set grid
set xlabel 'epoch'
set multiplot layout 1,2
set ylabel 'loss'
plot 'curves.csv' skip 1 using 2:6 with linespoints pt 7 ps 0.4 lc rgb '#3465a4' title 'training loss'
set key bottom right
set ylabel 'person IoU, cold'
plot 'curves.csv' skip 1 using 2:8 with linespoints pt 7 ps 0.4 lc rgb '#4e9a06' title 'portraits', \
     'curves.csv' skip 1 using 2:9 with linespoints pt 7 ps 0.4 lc rgb '#ce5c00' title 'scenes'
unset multiplot
)";

}  // namespace

Curves::Curves(std::string folder, int64_t step, bool writes) : folder_(std::move(folder)) {
  if (!writes) return;
  const std::string path = folder_ + "/curves.csv";
  std::vector<std::string> rows;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);)
    if (std::atoll(line.c_str()) > 0 && std::atoll(line.c_str()) <= step) rows.push_back(line);
  std::ofstream out(path);
  out << kHeader << '\n';
  for (const std::string& row : rows) out << row << '\n';
}

Status Curves::Add(const CurvePoint& p) {
  std::ofstream out(folder_ + "/curves.csv", std::ios::app);
  char row[256];
  std::snprintf(row, sizeof row, "%lld,%.3f,%.2f,%.1f,%.3g,%.5f,%.5f,%.5f,%.5f\n", static_cast<long long>(p.step),
                p.epoch, p.minutes, p.images_per_second, p.learning_rate, p.loss, p.val_iou, p.portrait_iou,
                p.scene_iou);
  out << row;
  out.close();
  if (!out) return IoError(folder_ + "/curves.csv: cannot be written");
  std::ofstream(folder_ + "/curves.gp") << kPlot;
  // The plot is a convenience: without gnuplot the numbers are in the CSV all the same.
  const std::string command =
      "cd '" + folder_ +
      "' && gnuplot curves.gp > curves.png.part 2>/dev/null && mv curves.png.part curves.png || rm -f curves.png.part";
  [[maybe_unused]] const int ignored = std::system(command.c_str());
  return {};
}

}  // namespace scrim::train
