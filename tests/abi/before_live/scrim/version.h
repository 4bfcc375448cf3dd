/* The version of the headers, for the preprocessor. scrim_version() is that of the library.
 *
 * Until 1.0 a new minor version may change the binary interface, and libscrim.so.MAJOR.MINOR is the name that programs
 * link to; a new patch version only adds. */
#ifndef SCRIM_VERSION_H_
#define SCRIM_VERSION_H_

#define SCRIM_VERSION_MAJOR 0
#define SCRIM_VERSION_MINOR 2
#define SCRIM_VERSION_PATCH 0
#define SCRIM_VERSION_TEXT "0.2.0"

/* 1 where the headers are of this version or a later one. */
#define SCRIM_VERSION_AT_LEAST(major, minor, patch)                                    \
  (SCRIM_VERSION_MAJOR * 1000000 + SCRIM_VERSION_MINOR * 1000 + SCRIM_VERSION_PATCH >= \
   (major)*1000000 + (minor)*1000 + (patch))

#endif /* SCRIM_VERSION_H_ */
