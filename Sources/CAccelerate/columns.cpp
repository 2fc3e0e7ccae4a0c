#include "epp_columns.h"

#include "kernels.h"

// A kernel that copies words, each as what `converted` makes of it.
#define COPY(name, word, converted)                                                                          \
  RACING BODY void name##_body(double *__restrict destination, const word *__restrict source, size_t count) { \
    for (size_t slot = 0; slot < count; slot++) destination[slot] = converted(source[slot]);                 \
  }                                                                                                          \
  KERNEL_WITH(                                                                                               \
      RACING, void, name, (double *destination, const word *source, size_t count), (destination, source, count))

COPY(epp_copy_column_f64, double, )
COPY(epp_copy_integers_f64, int64_t, from_integer)
COPY(epp_copy_halves_f64, uint64_t, from_halves)
