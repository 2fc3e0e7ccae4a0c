/// Columns of doubles that one thread writes while others read.
///
/// The endpoint table publishes scraped values in plain arrays of 8-byte aligned doubles. A writer stores with
/// `epp_store_f64`; a reader takes one value with `epp_load_f64` or a stretch of a column with `epp_copy_column_f64`.
/// Naturally aligned 8-byte loads and stores do not tear on x86-64 and arm64, the vector loads of the copy included
/// (every 8-byte lane is read at once), so a reader sees for every slot some value that was stored there; there is no
/// order between slots.
#ifndef EPP_COLUMNS_H
#define EPP_COLUMNS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Stores `value` with relaxed order. `slot` is 8-byte aligned.
static inline void epp_store_f64(double *_Nonnull slot, double value) {
  __atomic_store(slot, &value, __ATOMIC_RELAXED);
}

/// Loads a value with relaxed order. `slot` is 8-byte aligned.
static inline double epp_load_f64(const double *_Nonnull slot) {
  double value;
  __atomic_load(slot, &value, __ATOMIC_RELAXED);
  return value;
}

/// Copies `count` doubles while another thread may store to `source` by `epp_store_f64`.
///
/// The race is deliberate and hidden from the thread sanitizer: atomic loads would keep the copy from being
/// vectorised. `source` and `destination` are 8-byte aligned and do not overlap.
void epp_copy_column_f64(double *_Nonnull destination, const double *_Nonnull source, size_t count);

/// ``epp_copy_column_f64`` of counters, as doubles: numbers of which the amount is below 2^51.
void epp_copy_integers_f64(double *_Nonnull destination, const int64_t *_Nonnull source, size_t count);

/// ``epp_copy_column_f64`` of words, as the doubles of their two lowest 16-bit fields added up.
void epp_copy_halves_f64(double *_Nonnull destination, const uint64_t *_Nonnull source, size_t count);

#ifdef __cplusplus
}
#endif

#endif
