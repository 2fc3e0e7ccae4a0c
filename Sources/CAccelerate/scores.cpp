#include "epp_scores.h"

#include <cstring>

#include "kernels.h"

BODY void epp_sum_f64_body(
    const double *__restrict left, const double *__restrict right, double *__restrict result, size_t count) {
  for (size_t i = 0; i < count; i++) result[i] = left[i] + right[i];
}
KERNEL(
    void, epp_sum_f64, (const double *left, const double *right, double *result, size_t count),
    (left, right, result, count))

BODY void epp_widen_u32_f64_body(const uint32_t *__restrict numbers, double *__restrict result, size_t count) {
  const uint64_t bias = 0x4330000000000000;
  for (size_t i = 0; i < count; i++) {
    uint64_t bits = numbers[i] | bias;
    double number;
    memcpy(&number, &bits, sizeof number);
    result[i] = number - 0x1p52;
  }
}
KERNEL(
    void, epp_widen_u32_f64, (const uint32_t *numbers, double *result, size_t count), (numbers, result, count))

BODY double epp_uncached_tokens_f64_body(
    const double *__restrict matched, double total, double block, double beyond, double *__restrict tokens,
    size_t count) {
  constexpr size_t lanes = 16;
  double least[lanes];
  for (size_t lane = 0; lane < lanes; lane++) least[lane] = __builtin_inf();
  auto one = [&](size_t i) __attribute__((always_inline)) {
    double left = (total - matched[i]) * block;
    return (left > 0 ? left : 0) + beyond;
  };
  size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    for (size_t lane = 0; lane < lanes; lane++) {
      double uncached = one(i + lane);
      tokens[i + lane] = uncached;
      least[lane] = uncached < least[lane] ? uncached : least[lane];
    }
  }
  for (; i < count; i++) {
    tokens[i] = one(i);
    least[0] = tokens[i] < least[0] ? tokens[i] : least[0];
  }
  for (size_t lane = 1; lane < lanes; lane++) least[0] = least[lane] < least[0] ? least[lane] : least[0];
  return least[0];
}
KERNEL(
    double, epp_uncached_tokens_f64,
    (const double *matched, double total, double block, double beyond, double *tokens, size_t count),
    (matched, total, block, beyond, tokens, count))

BODY double epp_costs_f64_body(double *__restrict estimates, const double *__restrict own, double weight, size_t count) {
  constexpr size_t lanes = 16;
  double least[lanes];
  for (size_t lane = 0; lane < lanes; lane++) least[lane] = __builtin_inf();
  size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    for (size_t lane = 0; lane < lanes; lane++) {
      double cost = estimates[i + lane] + weight * own[i + lane];
      estimates[i + lane] = cost;
      least[lane] = cost < least[lane] ? cost : least[lane];
    }
  }
  for (; i < count; i++) {
    estimates[i] += weight * own[i];
    least[0] = estimates[i] < least[0] ? estimates[i] : least[0];
  }
  for (size_t lane = 1; lane < lanes; lane++) least[0] = least[lane] < least[0] ? least[lane] : least[0];
  return least[0];
}
KERNEL(
    double, epp_costs_f64, (double *estimates, const double *own, double weight, size_t count),
    (estimates, own, weight, count))

BODY void epp_shares_of_least_f64_body(double *costs, double least, size_t count) {
  for (size_t i = 0; i < count; i++) costs[i] = costs[i] > least ? least / costs[i] : 1;
}
KERNEL(void, epp_shares_of_least_f64, (double *costs, double least, size_t count), (costs, least, count))

BODY epp_extremes epp_extremes_f64_body(const double *values, size_t count, epp_extremes known) {
  // Sixteen chains of comparisons side by side, since one alone waits for each of its steps.
  constexpr size_t lanes = 16;
  size_t i = 0;
  if (count >= lanes) {
    double low[lanes], high[lanes];
    for (size_t lane = 0; lane < lanes; lane++) {
      low[lane] = known.low;
      high[lane] = known.high;
    }
    for (; i + lanes <= count; i += lanes) {
      for (size_t lane = 0; lane < lanes; lane++) {
        double value = values[i + lane];
        low[lane] = value < low[lane] ? value : low[lane];
        high[lane] = value > high[lane] ? value : high[lane];
      }
    }
    for (size_t lane = 0; lane < lanes; lane++) {
      known.low = low[lane] < known.low ? low[lane] : known.low;
      known.high = high[lane] > known.high ? high[lane] : known.high;
    }
  }
  for (; i < count; i++) {
    known.low = values[i] < known.low ? values[i] : known.low;
    known.high = values[i] > known.high ? values[i] : known.high;
  }
  return known;
}
KERNEL(
    epp_extremes, epp_extremes_f64, (const double *values, size_t count, epp_extremes known), (values, count, known))

BODY void epp_distance_f64_body(
    const double *__restrict values, double high, double range, double *__restrict scores, size_t count) {
  for (size_t i = 0; i < count; i++) scores[i] = (high - values[i]) / range;
}
KERNEL(
    void, epp_distance_f64, (const double *values, double high, double range, double *scores, size_t count),
    (values, high, range, scores, count))

BODY void epp_divide_f64_body(
    const double *__restrict values, double divisor, double *__restrict scores, size_t count) {
  for (size_t i = 0; i < count; i++) scores[i] = values[i] / divisor;
}
KERNEL(
    void, epp_divide_f64, (const double *values, double divisor, double *scores, size_t count),
    (values, divisor, scores, count))

BODY void epp_complement_f64_body(const double *__restrict values, double *__restrict scores, size_t count) {
  for (size_t i = 0; i < count; i++) scores[i] = 1 - values[i];
}
KERNEL(
    void, epp_complement_f64, (const double *values, double *scores, size_t count), (values, scores, count))

// Not a number counts as 0.
BODY double clamped(double score) {
  score = score > 0 ? score : 0;
  return score < 1 ? score : 1;
}

BODY void epp_begin_weighted_f64_body(
    double *__restrict scores, double weight, double *__restrict totals, size_t count, bool leaves_zeros) {
  if (!leaves_zeros) {
    for (size_t i = 0; i < count; i++) totals[i] = clamped(scores[i]) * weight;
    return;
  }
  for (size_t i = 0; i < count; i++) {
    totals[i] = clamped(scores[i]) * weight;
    scores[i] = 0;
  }
}
KERNEL(
    void, epp_begin_weighted_f64, (double *scores, double weight, double *totals, size_t count, bool leaves_zeros),
    (scores, weight, totals, count, leaves_zeros))

BODY void epp_move_weighted_f64_body(
    double *__restrict scores, double weight, double *__restrict totals, size_t count, bool leaves_zeros) {
  if (!leaves_zeros) {
    for (size_t i = 0; i < count; i++) totals[i] += clamped(scores[i]) * weight;
    return;
  }
  for (size_t i = 0; i < count; i++) {
    totals[i] += clamped(scores[i]) * weight;
    scores[i] = 0;
  }
}
KERNEL(
    void, epp_move_weighted_f64, (double *scores, double weight, double *totals, size_t count, bool leaves_zeros),
    (scores, weight, totals, count, leaves_zeros))

BODY size_t epp_count_equal_f64_body(const double *values, size_t count, double value) {
  uint64_t equals = 0;
  for (size_t i = 0; i < count; i++) equals += values[i] == value;
  return equals;
}
KERNEL(
    size_t, epp_count_equal_f64, (const double *values, size_t count, double value), (values, count, value))

BODY size_t epp_find_equal_f64_body(const double *values, size_t count, double value, size_t skipped) {
  // Stretches are counted at once; the one that has the value is looked through.
  constexpr size_t stretch = 32;
  size_t i = 0;
  while (i + stretch <= count) {
    uint64_t equals = 0;
    for (size_t k = 0; k < stretch; k++) equals += values[i + k] == value;
    if (equals > skipped) break;
    skipped -= equals;
    i += stretch;
  }
  for (; i < count; i++) {
    if (values[i] != value) continue;
    if (skipped == 0) return i;
    skipped--;
  }
  return count;
}
KERNEL(
    size_t, epp_find_equal_f64, (const double *values, size_t count, double value, size_t skipped),
    (values, count, value, skipped))
