/// When servers come to compute a prompt: the arithmetic of `ttft-estimate-scorer`.
///
/// Functions that take columns race with those who store to them, like `epp_copy_column_f64`. Arrays are 8-byte aligned
/// and do not overlap; a count of 0 is allowed.
#ifndef EPP_PREFILL_H
#define EPP_PREFILL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

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
/// waiting.
void epp_copy_tokens_ahead_f64(
    double *_Nonnull destination, const struct epp_load_columns *_Nonnull columns, double mean_tokens, size_t count);

/// Requests running or about to: scraped, and those that no scrape shows yet.
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

/// Computes a column from two others by ``epp_prefill_seconds``. All may be stored to meanwhile.
void epp_update_prefill_seconds_f64(
    double *_Nonnull destination, const double *_Nonnull tokens, const double *_Nonnull seconds,
    const struct epp_prefill_rates *_Nonnull rates, size_t count);

/// How fast endpoints compute tokens.
struct epp_prefill_speed {
  /// Above which learned seconds of a token mean something: 0, or infinity where nothing is learned of any.
  double above;
  /// What counts where they don't.
  double mean_token_seconds;
};

/// What lies ahead at each endpoint.
struct epp_prefill_load {
  /// Tokens of prompts ahead of a new request.
  const double *_Nonnull ahead;
  /// Learned seconds of a token.
  const double *_Nonnull token_seconds;
  struct epp_prefill_speed speed;
};

/// Columns that it is computed from.
struct epp_prefill_columns {
  struct epp_load_columns load;
  const double *_Nonnull token_seconds;
  struct epp_prefill_speed speed;
  /// Uncached tokens of a request, on average.
  double mean_tokens;
};

/// The steps in which a server computes prompts and decodes for the sequences that run.
struct epp_prefill_steps {
  /// Seconds that a running sequence adds to a step.
  double decode_seconds;
  /// Prompt tokens of a step.
  double tokens;
};

/// Estimates for each endpoint when it gives the first token of a prompt of which it has all but `uncached` tokens, in
/// seconds, while so many sequences run, and how long it computes those tokens. Returns the sum of the seconds of work
/// ahead.
double epp_prefill_estimates_f64(
    const struct epp_prefill_load *_Nonnull load, const double *_Nonnull sequences,
    const struct epp_prefill_steps *_Nonnull steps, const double *_Nonnull uncached, double *_Nonnull estimates,
    double *_Nonnull own_seconds, size_t count);

/// ``epp_prefill_estimates_f64`` without copies of the columns.
double epp_prefill_estimates_of_columns_f64(
    const struct epp_prefill_columns *_Nonnull columns, const struct epp_prefill_steps *_Nonnull steps,
    const double *_Nonnull uncached, double *_Nonnull estimates, double *_Nonnull own_seconds, size_t count);

/// The least seconds of work ahead at any endpoint, infinity of none. At each no more counts than it has queued, unless
/// null.
double epp_prefill_least_ahead_f64(
    const struct epp_prefill_load *_Nonnull load, const double *_Nullable queued, size_t count);

#ifdef __cplusplus
}
#endif

#endif
