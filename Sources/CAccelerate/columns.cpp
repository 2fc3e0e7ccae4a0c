#include "epp_columns.h"

#include <cstring>

#include "kernels.h"

// Races on purpose. Without `no_builtin` the compiler turns a plain loop into a call of memcpy, which promises nothing
// about the size of its loads and which the thread sanitizer intercepts.
#if defined(__clang__)
#define RACING __attribute__((no_sanitize("thread"), no_builtin("memcpy", "memmove")))
#else
#define RACING __attribute__((no_sanitize_thread, optimize("no-tree-loop-distribute-patterns")))
#endif

BODY double reinterpreted(uint64_t bits) {
  double number;
  memcpy(&number, &bits, sizeof number);
  return number;
}

RACING BODY void epp_copy_column_f64_body(
    double *__restrict destination, const double *__restrict source, size_t count) {
  for (size_t slot = 0; slot < count; slot++) destination[slot] = source[slot];
}
KERNEL_WITH(
    RACING, void, epp_copy_column_f64, (double *destination, const double *source, size_t count),
    (destination, source, count))

RACING BODY void epp_copy_integers_f64_body(
    double *__restrict destination, const int64_t *__restrict source, size_t count) {
  // A number n of up to 51 bits, added to the bits of the double 3 · 2^51, makes it 3 · 2^51 + n.
  for (size_t slot = 0; slot < count; slot++) {
    destination[slot] = reinterpreted((uint64_t)source[slot] + 0x4338000000000000) - 0x1.8p52;
  }
}
KERNEL_WITH(
    RACING, void, epp_copy_integers_f64, (double *destination, const int64_t *source, size_t count),
    (destination, source, count))

RACING BODY void epp_copy_halves_f64_body(
    double *__restrict destination, const uint64_t *__restrict source, size_t count) {
  // A number below 2^52 in the low bits of the double 2^52 is that number more.
  for (size_t slot = 0; slot < count; slot++) {
    uint64_t word = source[slot];
    destination[slot] = reinterpreted(((word & 0xFFFF) + (word >> 16 & 0xFFFF)) | 0x4330000000000000) - 0x1p52;
  }
}
KERNEL_WITH(
    RACING, void, epp_copy_halves_f64, (double *destination, const uint64_t *source, size_t count),
    (destination, source, count))
