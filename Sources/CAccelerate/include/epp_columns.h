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

/// Columns that tell the load of endpoints, each from the first slot that is asked for.
struct epp_load_columns {
  /// Words whose two lowest 16-bit fields count the requests that were placed and no scrape shows yet.
  const uint64_t *_Nonnull pending;
  /// Requests that were placed and have not ended, and the tokens of their prompts until the first token comes.
  const int64_t *_Nonnull in_flight;
  const int64_t *_Nonnull in_flight_tokens;
  /// Scraped: requests in the server's queue, and those it runs.
  const double *_Nonnull waiting;
  const double *_Nonnull running;
};

/// Tokens of prompts ahead of a new request: those in flight, and `mean_tokens` for each request in the server's queue
/// that was not placed here, of which there are waiting + running + pending − in flight, at least 0 and at most those
/// waiting. Races like `epp_copy_column_f64`.
void epp_copy_tokens_ahead_f64(
    double *_Nonnull destination, const struct epp_load_columns *_Nonnull columns, double mean_tokens, size_t count);

/// Requests running or about to: scraped, and those that no scrape shows yet. Races like `epp_copy_column_f64`.
void epp_copy_sequences_f64(
    double *_Nonnull destination, const struct epp_load_columns *_Nonnull columns, size_t count);

/// What tells how fast endpoints compute prompts.
struct epp_prefill_rates {
  /// Tokens a second of all.
  double mean;
  /// What the mean counts for an endpoint: so many tokens in so many seconds.
  double prior_tokens;
  double prior_seconds;
  /// Quotients of an endpoint's rate and the mean that count in part.
  double low;
  double high;
  double share;
};

/// The seconds that an endpoint with these sums computes a token; not a number where the sums are not a number or 0.
double epp_prefill_seconds(double tokens, double seconds, const struct epp_prefill_rates *_Nonnull rates);

/// Computes a column from two others by ``epp_prefill_seconds``. All may be stored to meanwhile; races like
/// `epp_copy_column_f64`.
void epp_update_prefill_seconds_f64(
    double *_Nonnull destination, const double *_Nonnull tokens, const double *_Nonnull seconds,
    const struct epp_prefill_rates *_Nonnull rates, size_t count);

#ifdef __cplusplus
}
#endif

#endif
