// SPDX-License-Identifier: Apache-2.0
// dlopen(3) of a layerwatt that is one static file: it opens nothing, and says so. The C library's own would
// look for the very version of itself that the program was linked with, which boards do not have. Engines are
// not concerned: layerwatt-runner opens them, and that is never static.
#include <dlfcn.h>

extern "C" {

void* dlopen(const char*, int) noexcept { return nullptr; }
void* dlsym(void*, const char*) noexcept { return nullptr; }
int dlclose(void*) noexcept { return -1; }
char* dlerror() noexcept {
  static char why[] = "this layerwatt is one static file, which cannot open libraries; build it on the board";
  return why;
}

}  // extern "C"
