#include "epp_prefill.h"

#include "kernels.h"

BODY double tokens_ahead(const epp_load_columns &from, double mean_tokens, size_t slot) {
  double waiting = from.waiting[slot];
  double others = waiting + from.running[slot] + from_halves(from.pending[slot]) - from_integer(from.in_flight[slot]);
  others = others < waiting ? others : waiting;
  others = others > 0 ? others : 0;
  return from_integer(from.in_flight_tokens[slot]) + others * mean_tokens;
}

BODY double sequences(const epp_load_columns &from, size_t slot) {
  return from.running[slot] + from_halves(from.pending[slot]);
}

RACING BODY void epp_copy_tokens_ahead_f64_body(
    double *__restrict destination, const epp_load_columns *columns, double mean_tokens, size_t count) {
  const epp_load_columns from = *columns;
  for (size_t slot = 0; slot < count; slot++) destination[slot] = tokens_ahead(from, mean_tokens, slot);
}
KERNEL_WITH(
    RACING, void, epp_copy_tokens_ahead_f64,
    (double *destination, const epp_load_columns *columns, double mean_tokens, size_t count),
    (destination, columns, mean_tokens, count))

RACING BODY void epp_copy_sequences_f64_body(
    double *__restrict destination, const epp_load_columns *columns, size_t count) {
  const epp_load_columns from = *columns;
  for (size_t slot = 0; slot < count; slot++) destination[slot] = sequences(from, slot);
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

namespace {

// What an endpoint is to an estimate.
struct state {
  double ahead, sequences, token_seconds;
};

BODY double token_seconds(double learned, const epp_prefill_speed &speed) {
  return learned > speed.above ? learned : speed.mean_token_seconds;
}

template <typename States>
BODY double estimates_by(
    States state_of, const epp_prefill_steps *steps, const double *__restrict uncached, double *__restrict estimates,
    double *__restrict own_seconds, size_t count) {
  constexpr size_t lanes = 4;
  const double decode_seconds = steps->decode_seconds, step = 1 / steps->tokens;
  double backlog[lanes] = {};
  auto one = [&](size_t i, double &estimate, double &own) __attribute__((always_inline)) {
    state from = state_of(i);
    double all = uncached[i] + from.ahead;
    own = uncached[i] * from.token_seconds;
    estimate = all * from.token_seconds + decode_seconds * from.sequences * (1 + all * step);
    return from.ahead * from.token_seconds;
  };
  size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    // Written at the end of each block: vectors need to know that no result is read again.
    double estimate[lanes], own[lanes];
    for (size_t lane = 0; lane < lanes; lane++) backlog[lane] += one(i + lane, estimate[lane], own[lane]);
    memcpy(estimates + i, estimate, sizeof estimate);
    memcpy(own_seconds + i, own, sizeof own);
  }
  double sum = 0;
  for (; i < count; i++) sum += one(i, estimates[i], own_seconds[i]);
  for (size_t lane = 0; lane < lanes; lane++) sum += backlog[lane];
  return sum;
}

}  // namespace

BODY double epp_prefill_estimates_f64_body(
    const epp_prefill_load *load, const double *running, const epp_prefill_steps *steps, const double *uncached,
    double *estimates, double *own_seconds, size_t count) {
  const epp_prefill_load from = *load;
  auto state_of = [&](size_t i) __attribute__((always_inline)) {
    return state{from.ahead[i], running[i], token_seconds(from.token_seconds[i], from.speed)};
  };
  return estimates_by(state_of, steps, uncached, estimates, own_seconds, count);
}
KERNEL(
    double, epp_prefill_estimates_f64,
    (const epp_prefill_load *load, const double *running, const epp_prefill_steps *steps, const double *uncached,
     double *estimates, double *own_seconds, size_t count),
    (load, running, steps, uncached, estimates, own_seconds, count))

RACING BODY double epp_prefill_estimates_of_columns_f64_body(
    const epp_prefill_columns *columns, const epp_prefill_steps *steps, const double *uncached, double *estimates,
    double *own_seconds, size_t count) {
  const epp_prefill_columns from = *columns;
  auto state_of = [&](size_t i) __attribute__((always_inline)) {
    return state{
        tokens_ahead(from.load, from.mean_tokens, i), sequences(from.load, i),
        token_seconds(from.token_seconds[i], from.speed)};
  };
  return estimates_by(state_of, steps, uncached, estimates, own_seconds, count);
}
KERNEL_WITH(
    RACING, double, epp_prefill_estimates_of_columns_f64,
    (const epp_prefill_columns *columns, const epp_prefill_steps *steps, const double *uncached, double *estimates,
     double *own_seconds, size_t count),
    (columns, steps, uncached, estimates, own_seconds, count))

BODY double epp_prefill_least_ahead_f64_body(const epp_prefill_load *load, const double *queued, size_t count) {
  const epp_prefill_load from = *load;
  double least = __builtin_inf();
  for (size_t i = 0; i < count; i++) {
    double tokens = queued && queued[i] < from.ahead[i] ? queued[i] : from.ahead[i];
    double seconds = tokens * token_seconds(from.token_seconds[i], from.speed);
    least = seconds < least ? seconds : least;
  }
  return least;
}
KERNEL(
    double, epp_prefill_least_ahead_f64, (const epp_prefill_load *load, const double *queued, size_t count),
    (load, queued, count))
