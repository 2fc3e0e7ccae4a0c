/// How kernels over arrays are compiled. Defines variables: for the source files of kernels only.
#ifndef KERNELS_H
#define KERNELS_H

#include <cstdint>
#include <cstring>

// Each kernel is compiled twice on x86-64: for every processor, and for those with AVX2, which do four doubles at a
// time. No fused multiply-add: it rounds once where two operations round twice, and picks would depend on the machine.
#if defined(__x86_64__) && defined(__clang__)
static const bool wide = [] {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx2") != 0;
}();
#define KERNEL(result, name, parameters, arguments) KERNEL_WITH(, result, name, parameters, arguments)
#define KERNEL_WITH(attributes, result, name, parameters, arguments)                                                \
  __attribute__((target("avx2"))) attributes static result name##_wide parameters { return name##_body arguments; } \
  attributes static result name##_plain parameters { return name##_body arguments; }                                \
  result name parameters { return wide ? name##_wide arguments : name##_plain arguments; }
#else
#define KERNEL(result, name, parameters, arguments) KERNEL_WITH(, result, name, parameters, arguments)
#define KERNEL_WITH(attributes, result, name, parameters, arguments) \
  attributes result name parameters { return name##_body arguments; }
#endif

#define BODY static inline __attribute__((always_inline))

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

// A number n of up to 51 bits, added to the bits of the double 3 · 2^51, makes it 3 · 2^51 + n.
BODY double from_integer(int64_t number) { return reinterpreted((uint64_t)number + 0x4338000000000000) - 0x1.8p52; }

// The two lowest 16-bit fields added up: a number below 2^52 in the low bits of the double 2^52 is that number more.
BODY double from_halves(uint64_t word) {
  return reinterpreted(((word & 0xFFFF) + (word >> 16 & 0xFFFF)) | 0x4330000000000000) - 0x1p52;
}

#endif
