#include "evaluation/gnuplot.h"

#include <cstdio>
#include <filesystem>

#include "io/output_file.h"

namespace scrim::app {

Status Plot(const std::string& script, int width, int height, const std::string& path) {
  const std::string extension = std::filesystem::path(path).extension().string();
  if (extension != ".png" && extension != ".svg") return InvalidArgument(path + ": a plot is .png or .svg");
  SCRIM_ASSIGN_OR_RETURN(OutputFile file, OutputFile::Create(path));
  std::FILE* gnuplot = popen("gnuplot 2>/dev/null", "w");
  if (gnuplot == nullptr) return IoError("gnuplot: cannot be started");
  std::string quoted = file.part_path();
  for (size_t i = 0; (i = quoted.find('\'', i)) != std::string::npos; i += 2) quoted.insert(i, 1, '\'');
  const std::string terminal =
      extension == ".png" ? "pngcairo noenhanced font 'sans,10'" : "svg noenhanced font 'sans,12'";
  const std::string text = "set terminal " + terminal + " size " + std::to_string(width) + "," +
                           std::to_string(height) + " background '#ffffff'\nset output '" + quoted + "'\n" + script +
                           "\n";
  std::fwrite(text.data(), 1, text.size(), gnuplot);
  if (pclose(gnuplot) != 0)
    return Unsupported(path + ": gnuplot could not draw it; is it installed (Debian: gnuplot-nox)?");
  return file.Commit();
}

}  // namespace scrim::app
