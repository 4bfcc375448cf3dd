# What `cmake --install` and `cpack` (`make deb`) make: one component for each Debian package.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(config_folder ${CMAKE_INSTALL_LIBDIR}/cmake/scrim)
configure_file(packaging/scrim.pc.in ${PROJECT_BINARY_DIR}/scrim.pc @ONLY)
configure_file(packaging/scrimConfig.cmake.in ${PROJECT_BINARY_DIR}/scrimConfig.cmake @ONLY)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/scrimConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/scrim.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT libscrim-dev)
install(FILES ${PROJECT_BINARY_DIR}/scrimConfig.cmake ${PROJECT_BINARY_DIR}/scrimConfigVersion.cmake
  DESTINATION ${config_folder} COMPONENT libscrim-dev)
install(EXPORT scrimTargets NAMESPACE scrim:: DESTINATION ${config_folder} COMPONENT libscrim-dev)

install(DIRECTORY models/ DESTINATION ${CMAKE_INSTALL_DATADIR}/scrim COMPONENT scrim-models
  FILES_MATCHING PATTERN "*.scrim")
install(DIRECTORY models/ DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/scrim-models COMPONENT scrim-models
  FILES_MATCHING PATTERN "*.md")

set(packages ${SCRIM_LIBRARY_PACKAGE} libscrim-dev scrim-models)
if(SCRIM_APPS)
  list(APPEND packages scrim gstreamer1.0-scrim)
endif()
if(TARGET obs-scrim)
  list(APPEND packages obs-scrim)
endif()
foreach(package ${packages})
  install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${package} RENAME copyright COMPONENT ${package})
endforeach()

set(CPACK_GENERATOR DEB)
set(CPACK_COMPONENTS_ALL ${packages})
set(CPACK_PACKAGE_NAME scrim)
set(CPACK_PACKAGE_CONTACT "the scrim authors <scrim@localhost>")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${PROJECT_BINARY_DIR}/src/engine)
set(same "(= ${PROJECT_VERSION})")

# scrim_package(COMPONENT SUMMARY TEXT SECTION [DEPENDS])
macro(scrim_package component summary text section depends)
  string(TOUPPER ${component} upper)
  set(CPACK_DEBIAN_${upper}_PACKAGE_NAME ${component})
  set(CPACK_DEBIAN_${upper}_DESCRIPTION "${summary}\n${text}")
  set(CPACK_COMPONENT_${upper}_DESCRIPTION "${summary}\n${text}")
  set(CPACK_DEBIAN_${upper}_PACKAGE_SECTION ${section})
  set(CPACK_DEBIAN_${upper}_PACKAGE_DEPENDS "${depends}")
endmacro()

scrim_package(${SCRIM_LIBRARY_PACKAGE} "who is in the picture, and another room behind them (library)"
  "Finds the people in video frames and draws them before another background, on the CPU." libs "")
string(TOUPPER ${SCRIM_LIBRARY_PACKAGE} upper)
set(CPACK_DEBIAN_${upper}_PACKAGE_SUGGESTS "scrim-models")
set(CPACK_DEBIAN_${upper}_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
scrim_package(libscrim-dev "who is in the picture, and another room behind them (development)"
  "Headers for C and C++, the static library, and files for pkg-config and CMake." libdevel "${SCRIM_LIBRARY_PACKAGE} ${same}")
set(CPACK_DEBIAN_LIBSCRIM-DEV_PACKAGE_SUGGESTS "libhwy-dev, scrim-models")
scrim_package(scrim-models "networks for scrim"
  "What finds the people: the released networks. Their terms are in the model cards." video "")
set(CPACK_DEBIAN_SCRIM-MODELS_PACKAGE_ARCHITECTURE all)
set(CPACK_DEBIAN_SCRIM-MODELS_PACKAGE_SHLIBDEPS OFF)
scrim_package(scrim "gives cameras, clips and photos another background"
  "Camera in, virtual camera, window, file or server out; a user unit for systemd starts it with the session."
  video "scrim-models ${same}, gstreamer1.0-plugins-base, gstreamer1.0-plugins-good, gstreamer1.0-plugins-bad, \
gstreamer1.0-plugins-ugly, gstreamer1.0-libav")
set(CPACK_DEBIAN_SCRIM_PACKAGE_RECOMMENDS
  "gstreamer1.0-pipewire, gstreamer1.0-x, gstreamer1.0-rtsp, pipewire, wireplumber")
set(CPACK_DEBIAN_SCRIM_PACKAGE_SUGGESTS "gnuplot-nox, v4l2loopback-dkms")
scrim_package(gstreamer1.0-scrim "people before another background, as a GStreamer element"
  "The video filter `scrim`, for cameras and clips." video "${SCRIM_LIBRARY_PACKAGE} ${same}, scrim-models ${same}")
scrim_package(obs-scrim "people before another background, as a filter of OBS Studio"
  "An effect filter for cameras and other video sources." video "${SCRIM_LIBRARY_PACKAGE} ${same}, scrim-models ${same}")

include(CPack)
