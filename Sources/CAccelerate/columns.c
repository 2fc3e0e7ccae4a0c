#include "epp_columns.h"

#if defined(__clang__)
// Without `no_builtin` the compiler turns the loop into a call of memcpy, which promises nothing about the size of its
// loads and which the thread sanitizer intercepts.
__attribute__((no_sanitize("thread"), no_builtin("memcpy", "memmove")))
#else
__attribute__((no_sanitize_thread, optimize("no-tree-loop-distribute-patterns")))
#endif
void epp_copy_column_f64(double *restrict destination, const double *restrict source, size_t count) {
  for (size_t slot = 0; slot < count; slot++) {
    destination[slot] = source[slot];
  }
}
