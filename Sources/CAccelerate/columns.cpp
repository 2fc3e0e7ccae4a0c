#include "epp_columns.h"

#include "kernels.h"

RACING BODY void epp_copy_column_f64_body(
    double *__restrict destination, const double *__restrict source, size_t count) {
  for (size_t slot = 0; slot < count; slot++) destination[slot] = source[slot];
}
KERNEL_WITH(
    RACING, void, epp_copy_column_f64, (double *destination, const double *source, size_t count),
    (destination, source, count))

RACING BODY void epp_copy_integers_f64_body(
    double *__restrict destination, const int64_t *__restrict source, size_t count) {
  for (size_t slot = 0; slot < count; slot++) destination[slot] = from_integer(source[slot]);
}
KERNEL_WITH(
    RACING, void, epp_copy_integers_f64, (double *destination, const int64_t *source, size_t count),
    (destination, source, count))

RACING BODY void epp_copy_halves_f64_body(
    double *__restrict destination, const uint64_t *__restrict source, size_t count) {
  for (size_t slot = 0; slot < count; slot++) destination[slot] = from_halves(source[slot]);
}
KERNEL_WITH(
    RACING, void, epp_copy_halves_f64, (double *destination, const uint64_t *source, size_t count),
    (destination, source, count))
