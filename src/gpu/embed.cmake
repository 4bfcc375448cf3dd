# cmake -DOUT=FILE -DFOLDER=FOLDER -P embed.cmake: a C++ source with the text of every kernel under the folder, without
# its comments and indents: they are a download in browsers.
file(GLOB files ${FOLDER}/kernels/*.wgsl ${FOLDER}/frame_kernels/*.wgsl)
list(SORT files)
set(text "#include \"gpu/kernel_text.h\"\n\nnamespace scrim::gpu {\n\nconst char* KernelFile(const std::string& name) {\n")
foreach(file ${files})
  get_filename_component(name ${file} NAME_WE)
  file(READ ${file} code)
  string(REGEX REPLACE "//[^\n]*" "" code "${code}")
  string(REGEX REPLACE "\n[ \n]+" "\n" code "${code}")
  string(APPEND text "  if (name == \"${name}\") return R\"wgsl(${code})wgsl\";\n")
endforeach()
string(APPEND text "  return \"\";\n}\n\n}  // namespace scrim::gpu\n")
file(WRITE ${OUT} "${text}")
