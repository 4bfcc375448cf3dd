// Nothing but the C ABI; CMake wants a source.
#include <scrim/scrim.h>
