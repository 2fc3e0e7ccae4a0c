/// Arithmetic over the arrays of one scheduling decision: one number for each candidate endpoint.
///
/// Every function does the same operations in the same order on every machine, so scores do not depend on the width of
/// its vectors. Arrays are 8-byte aligned and do not overlap unless said otherwise; a count of 0 is allowed.
#ifndef EPP_SCORES_H
#define EPP_SCORES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// The lowest and the highest of many numbers.
struct epp_extremes {
  double low;
  double high;
};

/// `result[i] = left[i] + right[i]`.
void epp_sum_f64(
    const double *_Nonnull left, const double *_Nonnull right, double *_Nonnull result, size_t count);

/// Turns numbers below 2^32 into doubles.
void epp_widen_u32_f64(const uint32_t *_Nonnull numbers, double *_Nonnull result, size_t count);

/// `tokens[i] = (total - matched[i]) * block + beyond`, the product at least 0. Returns the least of them, infinity of
/// none.
double epp_uncached_tokens_f64(
    const double *_Nonnull matched, double total, double block, double beyond, double *_Nonnull tokens, size_t count);

/// `estimates[i] += weight * own[i]`. Returns the least of them, infinity of none.
double epp_costs_f64(double *_Nonnull estimates, const double *_Nonnull own, double weight, size_t count);

/// `costs[i] = least / costs[i]`, at most 1.
void epp_shares_of_least_f64(double *_Nonnull costs, double least, size_t count);

/// Extends `known` to all of `values`; those that are not a number are passed over.
struct epp_extremes epp_extremes_f64(const double *_Nonnull values, size_t count, struct epp_extremes known);

/// `scores[i] = (high - values[i]) / range`.
void epp_distance_f64(
    const double *_Nonnull values, double high, double range, double *_Nonnull scores, size_t count);

/// `scores[i] = values[i] / divisor`.
void epp_divide_f64(const double *_Nonnull values, double divisor, double *_Nonnull scores, size_t count);

/// `scores[i] = 1 - values[i]`.
void epp_complement_f64(const double *_Nonnull values, double *_Nonnull scores, size_t count);

/// `totals[i] += weight * scores[i]`, with scores brought into 0…1; those that are not a number count as 0. The scores
/// are 0 afterwards if wanted.
void epp_move_weighted_f64(
    double *_Nonnull scores, double weight, double *_Nonnull totals, size_t count, bool leaves_zeros);

/// `totals[i] = weight * scores[i]`, otherwise like ``epp_move_weighted_f64``.
void epp_begin_weighted_f64(
    double *_Nonnull scores, double weight, double *_Nonnull totals, size_t count, bool leaves_zeros);

/// How many values equal `value`.
size_t epp_count_equal_f64(const double *_Nonnull values, size_t count, double value);

/// The position of the value equal to `value` before which there are `skipped` others; `count` when there are fewer.
size_t epp_find_equal_f64(const double *_Nonnull values, size_t count, double value, size_t skipped);

#ifdef __cplusplus
}
#endif

#endif
