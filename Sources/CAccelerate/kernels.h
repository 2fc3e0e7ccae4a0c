/// How kernels over arrays are compiled. Defines variables: for the source files of kernels only.
#ifndef KERNELS_H
#define KERNELS_H

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

#endif
