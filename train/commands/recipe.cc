// A recipe: a file that states how a model is made, from photos to the model file. docs/train/recipes.md explains one.
#include <toml++/toml.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "commands/commands.h"

namespace scrim::train {
namespace {

namespace fs = std::filesystem;

// Turns a value into the words that it is on a command line. Paths are relative to a folder.
class Words {
 public:
  Words(std::string recipe, fs::path paths_in) : recipe_(std::move(recipe)), paths_in_(std::move(paths_in)) {}

  // --KEY VALUE...; a table gives NAME:NUMBER words, or NAME=A,B ones where it holds lists. Keys in `paths` name files.
  Status Add(std::string_view key, const toml::node& value, bool is_path) {
    const std::string option = "--" + std::string(key);
    if (const auto flag = value.value_exact<bool>()) {
      if (*flag) words_.push_back(option);
      return {};
    }
    std::vector<std::string> values;
    if (const toml::table* table = value.as_table()) {
      for (const auto& [name, node] : *table) {
        SCRIM_ASSIGN_OR_RETURN(const std::string text, Joined(option, node));
        values.push_back(std::string(name.str()) + (node.is_array() ? "=" : ":") + text);
      }
    } else if (const toml::array* array = value.as_array()) {
      for (const toml::node& element : *array) {
        SCRIM_ASSIGN_OR_RETURN(std::string text, Text(option, element));
        values.push_back(std::move(text));
      }
    } else {
      SCRIM_ASSIGN_OR_RETURN(std::string text, Text(option, value));
      values.push_back(std::move(text));
    }
    words_.push_back(option);
    for (std::string& text : values) words_.push_back(is_path ? (paths_in_ / text).string() : std::move(text));
    return {};
  }

  Status AddAll(const toml::table& table, const std::vector<std::string>& paths = {},
                const std::vector<std::string>& without = {}) {
    const auto among = [](const std::vector<std::string>& names, std::string_view name) {
      return std::find(names.begin(), names.end(), name) != names.end();
    };
    for (const auto& [key, value] : table)
      if (!among(without, key.str())) SCRIM_RETURN_IF_ERROR(Add(key.str(), value, among(paths, key.str())));
    return {};
  }

  // Reads the words as `command` reads its options.
  Status Parse(CLI::App& command) const {
    try {
      command.parse(std::vector<std::string>(words_.rbegin(), words_.rend()));  // CLI11 takes them from the back
    } catch (const CLI::ParseError& e) {
      return InvalidArgument(recipe_ + ", [" + command.get_name() + "]: " + e.what());
    }
    return {};
  }

 private:
  StatusOr<std::string> Text(const std::string& option, const toml::node& value) const {
    if (const auto text = value.value_exact<std::string>()) return *text;
    if (const auto number = value.value_exact<int64_t>()) return std::to_string(*number);
    if (const auto number = value.value_exact<double>()) {
      std::ostringstream out;
      out.precision(17);
      out << *number;
      return out.str();
    }
    return InvalidArgument(recipe_ + ", " + option.substr(2) +
                           ": wanted is a text, a number, true, false or a list of them");
  }
  StatusOr<std::string> Joined(const std::string& option, const toml::node& value) const {
    if (!value.is_array()) return Text(option, value);
    std::string joined;
    for (const toml::node& element : *value.as_array()) {
      SCRIM_ASSIGN_OR_RETURN(const std::string text, Text(option, element));
      joined += (joined.empty() ? "" : ",") + text;
    }
    return joined;
  }

  const std::string recipe_;
  const fs::path paths_in_;
  std::vector<std::string> words_;
};

class Recipe {
 public:
  static StatusOr<Recipe> Read(const std::string& path) {
    Recipe recipe;
    recipe.path_ = path;
    try {
      recipe.table_ = toml::parse_file(path);
    } catch (const toml::parse_error& e) {
      const auto line = e.source().begin.line;
      return InvalidArgument(path + (line > 0 ? ":" + std::to_string(line) : "") + ": " + std::string(e.description()));
    }
    for (const auto& [key, value] : recipe.table_)
      if (key != "data" && key != "every" && key != "stage" && key != "model")
        return InvalidArgument(path + ": there is no [" + std::string(key.str()) +
                               "] in a recipe; it has [data], [every], [[stage]] and [model]");
    const toml::array* stages = recipe.table_["stage"].as_array();
    if (stages == nullptr || !stages->is_array_of_tables()) return InvalidArgument(path + ": has no [[stage]]");
    std::vector<std::string> names;
    for (const toml::node& stage : *stages) {
      const auto name = (*stage.as_table())["name"].value<std::string>();
      if (!name || name->empty() || name->find('/') != std::string::npos || *name == "pack")
        return InvalidArgument(path + ", [[stage]]: each wants a name of its own, which becomes a folder");
      if (std::find(names.begin(), names.end(), *name) != names.end())
        return InvalidArgument(path + ", [[stage]]: there are two with the name '" + *name + "'");
      names.push_back(*name);
    }
    if (!recipe.table_["model"].is_table()) return InvalidArgument(path + ": has no [model]");
    return recipe;
  }

  // The cache of all photos.
  StatusOr<PackArguments> Data(const std::string& data, const std::string& output) const {
    PackArguments arguments;
    CLI::App command("", "data");
    AddPackOptions(&command, &arguments);
    Words words(path_, data);
    if (const toml::table* table = table_["data"].as_table())
      SCRIM_RETURN_IF_ERROR(words.AddAll(*table, {"photos", "foregrounds", "backgrounds", "voc", "supervisely",
                                                  "masks-from", "classes", "train-split", "val-split"}));
    SCRIM_RETURN_IF_ERROR(words.Parse(command));
    arguments.output = output + "/pack";
    return arguments;
  }

  size_t stages() const { return table_["stage"].as_array()->size(); }

  // A stage starts from the one before it, unless it says from what else; the first from chance.
  StatusOr<RunArguments> Stage(size_t index, const std::string& output) const {
    RunArguments arguments;
    const toml::table& stage = *(*table_["stage"].as_array())[index].as_table();
    CLI::App command("", "stage " + Name(index));
    AddRunOptions(&command, &arguments);
    toml::table options;
    if (const toml::table* every = table_["every"].as_table()) options = *every;
    for (const auto& [key, value] : stage) options.insert_or_assign(key, value);
    Words words(path_, fs::path(path_).parent_path());
    SCRIM_RETURN_IF_ERROR(words.AddAll(options, {"start-from", "teacher"}, {"name"}));
    SCRIM_RETURN_IF_ERROR(words.Parse(command));
    arguments.options.pack = output + "/pack";
    arguments.options.output = output + "/" + Name(index);
    if (index > 0 && arguments.starts.empty()) arguments.starts = {Checkpoint(index - 1, output)};
    SCRIM_RETURN_IF_ERROR(Resolve(arguments));
    return arguments;
  }

  StatusOr<ExportArguments> Model(const std::string& output, const RunArguments& last) const {
    ExportArguments arguments;
    CLI::App command("", "model");
    AddExportOptions(&command, &arguments);
    command.get_option("--licence")->required();
    Words words(path_, output);
    SCRIM_RETURN_IF_ERROR(words.AddAll(*table_["model"].as_table()));
    SCRIM_RETURN_IF_ERROR(words.Parse(command));
    arguments.network = last.network, arguments.planes = last.planes;
    arguments.target = last.options.augment.target;
    arguments.pack = last.options.pack;
    arguments.checkpoint = Checkpoint(stages() - 1, output);
    if (arguments.name.empty()) arguments.name = fs::path(path_).stem().string();
    arguments.output = output + "/" + arguments.name + ".scrim";
    return arguments;
  }

 private:
  std::string Name(size_t index) const {
    return *(*(*table_["stage"].as_array())[index].as_table())["name"].value<std::string>();
  }
  std::string Checkpoint(size_t index, const std::string& output) const {
    return output + "/" + Name(index) + "/checkpoint";
  }

  std::string path_;
  toml::table table_;
};

}  // namespace

Status RunRecipe(const std::string& path, const std::string& data, const std::string& output, int threads) {
  SCRIM_ASSIGN_OR_RETURN(const Recipe recipe, Recipe::Read(path));
  // All of it is read before anything takes time.
  SCRIM_ASSIGN_OR_RETURN(const PackArguments pack, recipe.Data(data, output));
  std::vector<RunArguments> stages;
  for (size_t i = 0; i < recipe.stages(); ++i) {
    SCRIM_ASSIGN_OR_RETURN(RunArguments stage, recipe.Stage(i, output));
    stage.options.threads = threads;
    stages.push_back(std::move(stage));
  }
  SCRIM_ASSIGN_OR_RETURN(const ExportArguments model, recipe.Model(output, stages.back()));

  std::error_code error;
  fs::create_directories(output, error);
  if (error) return IoError(output + ": the folder cannot be made");
  if (!fs::exists(pack.output)) SCRIM_RETURN_IF_ERROR(PackPhotos(pack));
  for (const RunArguments& stage : stages) {
    SCRIM_ASSIGN_OR_RETURN(const bool complete, Train(stage.options));
    if (!complete) return {};
  }
  SCRIM_RETURN_IF_ERROR(Export(model));
  EvalArguments eval;
  eval.pack = model.pack, eval.checkpoint = model.checkpoint, eval.network = model.network, eval.target = model.target;
  eval.densities = stages.back().eval_densities, eval.groups = stages.back().groups;
  return Eval(eval);
}

}  // namespace scrim::train
