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

// A number n of up to 51 bits, added to the bits of the double 3 · 2^51, makes it 3 · 2^51 + n.
BODY double from_integer(int64_t number) { return reinterpreted((uint64_t)number + 0x4338000000000000) - 0x1.8p52; }

// The two lowest 16-bit fields added up: a number below 2^52 in the low bits of the double 2^52 is that number more.
BODY double from_halves(uint64_t word) {
  return reinterpreted(((word & 0xFFFF) + (word >> 16 & 0xFFFF)) | 0x4330000000000000) - 0x1p52;
}

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

RACING BODY void epp_copy_tokens_ahead_f64_body(
    double *__restrict destination, const epp_load_columns *columns, double mean_tokens, size_t count) {
  const epp_load_columns from = *columns;
  for (size_t slot = 0; slot < count; slot++) {
    double waiting = from.waiting[slot];
    double others = waiting + from.running[slot] + from_halves(from.pending[slot]) - from_integer(from.in_flight[slot]);
    others = others < waiting ? others : waiting;
    others = others > 0 ? others : 0;
    destination[slot] = from_integer(from.in_flight_tokens[slot]) + others * mean_tokens;
  }
}
KERNEL_WITH(
    RACING, void, epp_copy_tokens_ahead_f64,
    (double *destination, const epp_load_columns *columns, double mean_tokens, size_t count),
    (destination, columns, mean_tokens, count))

RACING BODY void epp_copy_sequences_f64_body(
    double *__restrict destination, const epp_load_columns *columns, size_t count) {
  const epp_load_columns from = *columns;
  for (size_t slot = 0; slot < count; slot++) {
    destination[slot] = from.running[slot] + from_halves(from.pending[slot]);
  }
}
KERNEL_WITH(
    RACING, void, epp_copy_sequences_f64, (double *destination, const epp_load_columns *columns, size_t count),
    (destination, columns, count))

// Seconds of a token. Two divisions where the rate itself would take one more.
BODY double learned_seconds(double tokens, double seconds, const epp_prefill_rates &by) {
  double quotient = (by.prior_tokens + tokens) / ((by.prior_seconds + seconds) * by.mean);
  double likely = quotient > by.low ? quotient : by.low;
  likely = likely < by.high ? likely : by.high;
  double learned = likely / (by.mean * (1 + by.share * (likely - 1)) * quotient);
  return tokens > 0 && seconds > 0 ? learned : __builtin_nan("");
}

double epp_prefill_seconds(double tokens, double seconds, const epp_prefill_rates *rates) {
  return learned_seconds(tokens, seconds, *rates);
}

RACING BODY void epp_update_prefill_seconds_f64_body(
    double *__restrict destination, const double *__restrict tokens, const double *__restrict seconds,
    const epp_prefill_rates *rates, size_t count) {
  const epp_prefill_rates by = *rates;
  for (size_t slot = 0; slot < count; slot++) {
    destination[slot] = learned_seconds(tokens[slot], seconds[slot], by);
  }
}
KERNEL_WITH(
    RACING, void, epp_update_prefill_seconds_f64,
    (double *destination, const double *tokens, const double *seconds, const epp_prefill_rates *rates, size_t count),
    (destination, tokens, seconds, rates, count))
