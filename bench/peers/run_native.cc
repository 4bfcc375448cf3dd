// One network in one runtime, run when asked: a line with a number runs it that often and answers with a line of
// milliseconds; "output" answers with the mask. So bench.mjs takes turns among runtimes.
//   run_native scrim MODEL.scrim TARGET
//   run_native tflite MODEL.tflite libtensorflowlite_c.so
#include <dlfcn.h>

#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <string>
#include <type_traits>
#include <vector>

#include "graph/model.h"
#include "nn/program.h"

namespace {

// The same values for every runtime; no previous mask.
float InputValue(int y, int x, int c) { return c == 3 ? 0.f : static_cast<float>(std::sin(0.1 * (x + 2 * y + c))); }

struct Runtime {
  std::function<void()> run;
  std::vector<float> output;  // of the first run
};

int Serve(const Runtime& runtime) {
  std::puts("ready");
  std::fflush(stdout);
  for (char line[32]; std::fgets(line, sizeof line, stdin) != nullptr;) {
    if (std::strcmp(line, "output\n") == 0) {
      for (float value : runtime.output) std::printf("%.6f ", value);
    } else {
      for (int runs = std::atoi(line); runs > 0; --runs) {
        const auto start = std::chrono::steady_clock::now();
        runtime.run();
        const std::chrono::duration<double, std::milli> elapsed = std::chrono::steady_clock::now() - start;
        std::printf("%.5f ", elapsed.count());
      }
    }
    std::puts("");
    std::fflush(stdout);
  }
  return 0;
}

int Fail(const std::string& why) {
  std::fprintf(stderr, "%s\n", why.c_str());
  return 1;
}

int ServeScrim(const char* path, const char* target) {
  const auto model = scrim::graph::LoadModel(path);
  if (!model.ok()) return Fail(model.status().message());
  scrim::nn::ProgramOptions options;
  options.target = target;
  const auto program = scrim::nn::Program::Compile(model.value(), model.value().density, options);
  if (!program.ok()) return Fail(program.status().message());
  scrim::nn::Program& p = *program.value();
  const scrim::nn::TensorView in = p.input();
  for (int y = 0; y < in.height; ++y)
    for (int x = 0; x < in.width; ++x)
      for (int c = 0; c < in.channels; ++c)
        in.data[static_cast<size_t>(y) * in.row_stride + static_cast<size_t>(x) * in.pixel_stride +
                static_cast<size_t>(c)] = InputValue(y, x, c);
  // Later runs find other values in the input's memory, which the program uses again; their time is the same.
  p.Run();
  return Serve({[&p] { p.Run(); }, {p.output(), p.output() + in.height * in.width}});
}

// The functions of TFLite's C API that this needs, from the library itself.
int ServeTflite(const char* path, const char* library) {
  void* handle = dlopen(library, RTLD_NOW);
  if (handle == nullptr) return Fail(dlerror());
  auto function = [&](const char* name, auto* pointer) {
    *pointer = reinterpret_cast<std::remove_pointer_t<decltype(pointer)>>(dlsym(handle, name));
    if (*pointer == nullptr) std::exit(Fail(std::string(library) + ": no function " + name));
  };
  struct XnnpackOptions {
    int32_t threads = 1;
    char rest[124] = {};  // longer than any version's; zeros are no flags and no caches
  };
  void* (*create_model)(const char*);
  void* (*create_options)();
  void (*set_threads)(void*, int32_t);
  void* (*create_xnnpack)(const XnnpackOptions*);
  void (*add_delegate)(void*, void*);
  void* (*create_interpreter)(void*, void*);
  int (*allocate)(void*);
  void* (*get_input)(void*, int32_t);
  const void* (*get_output)(void*, int32_t);
  int (*invoke)(void*);
  void* (*data)(const void*);
  size_t (*byte_size)(const void*);
  int32_t (*dim)(const void*, int32_t);
  function("TfLiteModelCreateFromFile", &create_model);
  function("TfLiteInterpreterOptionsCreate", &create_options);
  function("TfLiteInterpreterOptionsSetNumThreads", &set_threads);
  function("TfLiteXNNPackDelegateCreate", &create_xnnpack);
  function("TfLiteInterpreterOptionsAddDelegate", &add_delegate);
  function("TfLiteInterpreterCreate", &create_interpreter);
  function("TfLiteInterpreterAllocateTensors", &allocate);
  function("TfLiteInterpreterGetInputTensor", &get_input);
  function("TfLiteInterpreterGetOutputTensor", &get_output);
  function("TfLiteInterpreterInvoke", &invoke);
  function("TfLiteTensorData", &data);
  function("TfLiteTensorByteSize", &byte_size);
  function("TfLiteTensorDim", &dim);

  void* model = create_model(path);
  if (model == nullptr) return Fail(std::string(path) + ": not accepted by TFLite");
  void* options = create_options();
  set_threads(options, 1);
  const XnnpackOptions xnnpack;
  add_delegate(options, create_xnnpack(&xnnpack));
  void* interpreter = create_interpreter(model, options);
  if (interpreter == nullptr || allocate(interpreter) != 0) return Fail(std::string(path) + ": TFLite cannot run it");
  void* input = get_input(interpreter, 0);
  auto* to = static_cast<float*>(data(input));
  for (int y = 0; y < dim(input, 1); ++y)
    for (int x = 0; x < dim(input, 2); ++x)
      for (int c = 0; c < dim(input, 3); ++c) *to++ = InputValue(y, x, c);
  auto run = [=] {
    if (invoke(interpreter) != 0) std::exit(Fail("TFLite failed"));
  };
  run();
  const void* output = get_output(interpreter, 0);
  const auto* mask = static_cast<const float*>(data(output));
  return Serve({run, {mask, mask + byte_size(output) / sizeof(float)}});
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 4 && std::strcmp(argv[1], "scrim") == 0) return ServeScrim(argv[2], argv[3]);
  if (argc == 4 && std::strcmp(argv[1], "tflite") == 0) return ServeTflite(argv[2], argv[3]);
  return Fail("run_native scrim MODEL TARGET | tflite MODEL LIBRARY");
}
