#include "obs/settings.h"

#include <algorithm>
#include <filesystem>

#include "common/default_model.h"

namespace scrim::obs {
namespace {

// Keys of saved settings: never renamed, or old scenes would lose what they chose.
constexpr char kBackground[] = "background", kBlur[] = "blur", kColour[] = "colour", kPicture[] = "picture",
               kModel[] = "model", kFile[] = "model_file", kBudget[] = "budget_ms", kEdges[] = "edges", kLow[] = "low",
               kHigh[] = "high", kDecontaminate[] = "decontaminate", kWrap[] = "light_wrap", kSteady[] = "stabilise";

std::string ReleasedModel(const std::string& name) {
  const std::string standard = FindDefaultModel(obs_get_module_binary_path(obs_current_module()), SCRIM_MODEL_FOLDER);
  return standard.empty() ? "" : (std::filesystem::path(standard).parent_path() / (name + ".scrim")).string();
}

bool ShowWhatCounts(obs_properties_t* properties, obs_property_t*, obs_data_t* data) {
  const auto show = [&](const char* name, bool on) {
    obs_property_set_visible(obs_properties_get(properties, name), on);
  };
  const auto background = static_cast<BackgroundKind>(obs_data_get_int(data, kBackground));
  show(kBlur, background == BackgroundKind::kBlur);
  show(kColour, background == BackgroundKind::kColour);
  show(kPicture, background == BackgroundKind::kPicture);
  show(kWrap, background == BackgroundKind::kColour || background == BackgroundKind::kPicture);
  show(kDecontaminate, background != BackgroundKind::kBlur);
  show(kFile, std::string(obs_data_get_string(data, kModel)) == "file");
  return true;
}

}  // namespace

void SetDefaults(obs_data_t* data) {
  const Settings standard;
  obs_data_set_default_int(data, kBackground, static_cast<int>(standard.background));
  obs_data_set_default_double(data, kBlur, standard.blur);
  obs_data_set_default_int(data, kColour, 0xff40b100);  // the green of film sets
  obs_data_set_default_string(data, kModel, "default");
  obs_data_set_default_double(data, kBudget, standard.matting.budget_ms);
  obs_data_set_default_string(data, kEdges, "gpu");
  obs_data_set_default_double(data, kLow, standard.low);
  obs_data_set_default_double(data, kHigh, standard.high);
  obs_data_set_default_bool(data, kDecontaminate, standard.decontaminate);
  obs_data_set_default_double(data, kWrap, standard.light_wrap);
  obs_data_set_default_bool(data, kSteady, standard.matting.stabilise);
}

Settings ReadSettings(obs_data_t* data) {
  Settings settings;
  const std::string model = obs_data_get_string(data, kModel);
  settings.matting.model = model == "file" ? obs_data_get_string(data, kFile) : ReleasedModel(model);
  settings.matting.budget_ms = static_cast<float>(obs_data_get_double(data, kBudget));
  settings.matting.stabilise = obs_data_get_bool(data, kSteady);
  settings.matting.whole_frame = std::string(obs_data_get_string(data, kEdges)) == "cpu";
  settings.background = static_cast<BackgroundKind>(std::clamp<long long>(obs_data_get_int(data, kBackground), 0, 3));
  settings.blur = static_cast<float>(obs_data_get_double(data, kBlur));
  settings.colour = static_cast<uint32_t>(obs_data_get_int(data, kColour));
  settings.picture = obs_data_get_string(data, kPicture);
  settings.low = static_cast<float>(obs_data_get_double(data, kLow));
  settings.high = std::max(static_cast<float>(obs_data_get_double(data, kHigh)), settings.low + 0.01f);
  settings.light_wrap = static_cast<float>(obs_data_get_double(data, kWrap));
  settings.decontaminate = obs_data_get_bool(data, kDecontaminate);
  return settings;
}

obs_properties_t* MakeProperties() {
  obs_properties_t* all = obs_properties_create();
  const auto group = [&](const char* name, const char* label) {
    obs_properties_t* properties = obs_properties_create();
    obs_properties_add_group(all, name, obs_module_text(label), OBS_GROUP_NORMAL, properties);
    return properties;
  };

  obs_properties_t* background = group("background_group", "Background");
  obs_property_t* kinds = obs_properties_add_list(background, kBackground, obs_module_text("Background.Kind"),
                                                  OBS_COMBO_TYPE_LIST, OBS_COMBO_FORMAT_INT);
  obs_property_list_add_int(kinds, obs_module_text("Background.Transparent"), 0);
  obs_property_list_add_int(kinds, obs_module_text("Background.Blur"), 1);
  obs_property_list_add_int(kinds, obs_module_text("Background.Colour"), 2);
  obs_property_list_add_int(kinds, obs_module_text("Background.Picture"), 3);
  obs_property_set_modified_callback(kinds, ShowWhatCounts);
  obs_properties_add_float_slider(background, kBlur, obs_module_text("Blur"), 1, 100, 0.5);
  obs_properties_add_color(background, kColour, obs_module_text("Colour"));
  obs_properties_add_path(background, kPicture, obs_module_text("Picture"), OBS_PATH_FILE,
                          "*.png *.jpg *.jpeg *.gif *.bmp *.webp", nullptr);

  obs_properties_t* edges = group("edges_group", "Edges");
  obs_property_t* ways = obs_properties_add_list(edges, kEdges, obs_module_text("Edges.Kind"), OBS_COMBO_TYPE_LIST,
                                                 OBS_COMBO_FORMAT_STRING);
  obs_property_list_add_string(ways, obs_module_text("Edges.Gpu"), "gpu");
  obs_property_list_add_string(ways, obs_module_text("Edges.Cpu"), "cpu");
  obs_property_set_long_description(ways, obs_module_text("Edges.Long"));
  obs_properties_add_float_slider(edges, kLow, obs_module_text("Edges.Low"), 0, 0.98, 0.01);
  obs_properties_add_float_slider(edges, kHigh, obs_module_text("Edges.High"), 0.02, 1, 0.01);
  obs_properties_add_bool(edges, kDecontaminate, obs_module_text("Edges.Decontaminate"));
  obs_properties_add_float_slider(edges, kWrap, obs_module_text("Edges.LightWrap"), 0, 1, 0.01);
  obs_properties_add_bool(edges, kSteady, obs_module_text("Steady"));

  obs_properties_t* network = group("network_group", "Network");
  obs_property_t* models =
      obs_properties_add_list(network, kModel, obs_module_text("Model"), OBS_COMBO_TYPE_LIST, OBS_COMBO_FORMAT_STRING);
  for (const char* name : {"lite", "default", "quality"})
    obs_property_list_add_string(models, obs_module_text((std::string("Model.") + name).c_str()), name);
  obs_property_list_add_string(models, obs_module_text("Model.File"), "file");
  obs_property_set_modified_callback(models, ShowWhatCounts);
  obs_properties_add_path(network, kFile, obs_module_text("Model.Path"), OBS_PATH_FILE, "*.scrim", nullptr);
  obs_properties_add_float_slider(network, kBudget, obs_module_text("Budget"), 0, 30, 0.5);
  return all;
}

}  // namespace scrim::obs
