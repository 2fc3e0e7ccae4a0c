/// Packs answers to the proxy (`ProcessingResponse`) with protobuf-c.
#ifndef EPP_ANSWER_H
#define EPP_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "epp_arena.h"

typedef enum {
  EPP_ANSWER_REQUEST_HEADERS,
  EPP_ANSWER_RESPONSE_HEADERS,
  EPP_ANSWER_REQUEST_BODY,
  EPP_ANSWER_RESPONSE_BODY,
  EPP_ANSWER_REQUEST_TRAILERS,
  EPP_ANSWER_RESPONSE_TRAILERS,
  EPP_ANSWER_IMMEDIATE,
  /// Dynamic metadata alone, to follow another answer.
  EPP_ANSWER_METADATA,
} epp_answer_kind;

/// A header to set. The name ends with NUL; the value is sent as `raw_value`, replacing what is there.
typedef struct {
  const char *_Nonnull name;
  const uint8_t *_Nullable value;
  size_t value_length;
} epp_header;

/// A field of dynamic metadata: a string, or a number when `string` is null. With a parent it is a field of the struct
/// of that name within the namespace.
typedef struct {
  const char *_Nonnull name_space;
  const char *_Nullable parent;
  const char *_Nonnull key;
  const char *_Nullable string;
  double number;
} epp_metadata_field;

/// Body modes to switch to, with the numbers of `ProcessingMode`.
typedef struct {
  uint32_t request_body_mode;
  uint32_t response_header_mode;
  uint32_t response_body_mode;
  uint32_t request_trailer_mode;
  uint32_t response_trailer_mode;
} epp_mode_override;

/// An answer. Fields that the kind has no place for are ignored.
typedef struct {
  epp_answer_kind kind;
  const epp_header *_Nullable headers;
  size_t header_count;
  /// Names of headers to remove, each ending with NUL.
  const char *_Nonnull const *_Nullable removed_headers;
  size_t removed_header_count;
  /// Fields of one namespace follow each other, and so do those of one parent.
  const epp_metadata_field *_Nullable metadata;
  size_t metadata_count;
  bool clear_route_cache;
  const epp_mode_override *_Nullable mode_override;
  /// Whether `body` replaces the whole body (body answers); immediate answers always have a body.
  bool has_body;
  const uint8_t *_Nullable body;
  size_t body_length;
  /// HTTP status of an immediate answer.
  uint32_t status;
} epp_answer;

/// Packs the answer into the arena. Returns null when memory is short.
const uint8_t *_Nullable epp_answer_pack(
    const epp_answer *_Nonnull answer, epp_arena *_Nonnull arena, size_t *_Nonnull length);

#endif
