#include "curves.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <vector>

namespace scrim::train {
namespace {

std::string Header(const std::vector<SourceGroup>& groups) {
  std::string header = "step,epoch,minutes,images_per_second,learning_rate,loss,val_iou";
  for (const SourceGroup& group : groups)
    header += "," + group.name + "_iou," + group.name + "_bf," + group.name + "_below_080";
  return header;
}

std::string Plot(const std::vector<SourceGroup>& groups) {
  std::string plot = R"(set terminal pngcairo size 900,420 font "sans,10"
set datafile separator ','
set datafile columnheaders
set style data linespoints
set style line 1 pt 7 ps 0.4
set key top right
set grid
set xlabel 'epoch'
set multiplot layout 1,2
set ylabel 'loss'
plot 'curves.csv' using 'epoch':'loss' ls 1 lc rgb '#3465a4' title 'training loss'
set key bottom right
set ylabel 'person IoU, cold'
plot 'curves.csv' using 'epoch':'val_iou' ls 1 lc 1 title 'all')";
  for (size_t i = 0; i < groups.size(); ++i)
    plot += ", 'curves.csv' using 'epoch':'" + groups[i].name + "_iou' ls 1 lc " + std::to_string(i + 2) + " title '" +
            groups[i].name + "'";
  return plot + "\nunset multiplot\n";
}

}  // namespace

Curves::Curves(std::string folder, int64_t step, bool writes, const std::vector<SourceGroup>& groups)
    : folder_(std::move(folder)), plot_(Plot(groups)) {
  if (!writes) return;
  const std::string path = folder_ + "/curves.csv";
  std::vector<std::string> rows;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);)
    if (std::atoll(line.c_str()) > 0 && std::atoll(line.c_str()) <= step) rows.push_back(line);
  std::ofstream out(path);
  out << Header(groups) << '\n';
  for (const std::string& row : rows) out << row << '\n';
}

Status Curves::Add(const CurvePoint& p) {
  std::ofstream out(folder_ + "/curves.csv", std::ios::app);
  char row[256];
  std::snprintf(row, sizeof row, "%lld,%.3f,%.2f,%.1f,%.3g,%.5f,%.5f", static_cast<long long>(p.step), p.epoch,
                p.minutes, p.images_per_second, p.learning_rate, p.loss, p.val_iou);
  out << row;
  for (const Quality& q : p.groups) {
    std::snprintf(row, sizeof row, ",%.5f,%.5f,%.5f", q.iou, q.boundary_f, q.below_080);
    out << row;
  }
  out << '\n';
  out.close();
  if (!out) return IoError(folder_ + "/curves.csv: cannot be written");
  std::ofstream(folder_ + "/curves.gp") << plot_;
  // The plot is a convenience: without gnuplot the numbers are in the CSV all the same.
  const std::string command =
      "cd '" + folder_ +
      "' && gnuplot curves.gp > curves.png.part 2>/dev/null && mv curves.png.part curves.png || rm -f curves.png.part";
  [[maybe_unused]] const int ignored = std::system(command.c_str());
  return {};
}

}  // namespace scrim::train
