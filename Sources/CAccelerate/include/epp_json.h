/// A validating JSON parser (simdjson's DOM) with a cursor made of plain values.
///
/// A parser is used by one thread at a time. Values, and the bytes of strings, live in the parser until its next
/// parse, shrink or destruction; they do not refer to the document's own bytes.
///
/// The cursor functions are inline and read simdjson's tape: one 64-bit word per element with the type in the top
/// byte, followed by a second word for numbers. For an array or object the low 32 bits are the index just past its
/// closing word. For a string they are the offset of a 32-bit length and the unescaped bytes.
#ifndef EPP_JSON_H
#define EPP_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Bytes that must be readable (of any value) after the document handed to `epp_json_parse`.
#define EPP_JSON_PADDING 64

/// Containers may nest this deep.
#define EPP_JSON_MAX_DEPTH 1024

typedef struct epp_json_parser epp_json_parser;

/// Where a parsed document lives.
typedef struct {
  const uint64_t *_Nullable tape;
  const uint8_t *_Nullable strings;
} epp_json_document;

/// One element of a document.
typedef struct {
  epp_json_document document;
  uint32_t index;
} epp_json_value;

typedef enum __attribute__((enum_extensibility(closed))) {
  epp_json_null,
  epp_json_bool,
  epp_json_int64,
  epp_json_uint64,
  epp_json_double,
  epp_json_string,
  epp_json_array,
  epp_json_object,
} epp_json_type;

/// Makes a parser for documents of at most `max_document_bytes` (at most 1 GiB). Null when memory is short.
/// It allocates document buffers (about 14 bytes of address space a document byte) at the first parse.
epp_json_parser *_Nullable epp_json_parser_create(size_t max_document_bytes);

void epp_json_parser_destroy(epp_json_parser *_Nullable parser);

/// Parses and validates `length` bytes. On success returns 0 and sets `root`; otherwise a code for
/// `epp_json_error_message`.
///
/// Integers beyond 64 bits become doubles and a lone surrogate escape becomes U+FFFD, as model servers' own parsers
/// accept both. Invalid UTF-8, numbers beyond double's range, and trailing bytes are errors.
/// Allocates when the document is larger than any before it, or needs one of the two repairs.
int epp_json_parse(
    epp_json_parser *_Nonnull parser, const void *_Nonnull document, size_t length, epp_json_value *_Nonnull root);

/// Static English text for a code returned by `epp_json_parse`.
const char *_Nonnull epp_json_error_message(int code);

/// The largest document that parses without allocating.
size_t epp_json_parser_capacity(const epp_json_parser *_Nonnull parser);

/// Gives the document buffers back if their capacity is above `keep` bytes.
void epp_json_parser_shrink(epp_json_parser *_Nonnull parser, size_t keep);

/// Writes minified JSON of `value` to `out`, at most `capacity` bytes, and returns the number of bytes it has in all,
/// which may be more than `capacity`; then what was written is a prefix. Members keep their order; strings escape only
/// what JSON demands.
size_t epp_json_minify(epp_json_value value, uint8_t *_Nullable out, size_t capacity);

/// Writes the array `value` of unsigned 32-bit integers as little-endian words to `out`, which has room for
/// `epp_json_max_count(value)` of them. Returns the count, or -1 if an element is anything else.
ptrdiff_t epp_json_copy_uint32s(epp_json_value value, uint8_t *_Nonnull out);

// MARK: Cursor

static inline uint64_t epp_json_word(epp_json_value value) {
  return value.document.tape[value.index];
}

static inline epp_json_type epp_json_type_of(epp_json_value value) {
  switch ((char)(epp_json_word(value) >> 56)) {
    case '{': return epp_json_object;
    case '[': return epp_json_array;
    case '"': return epp_json_string;
    case 't': case 'f': return epp_json_bool;
    case 'l': return epp_json_int64;
    case 'u': return epp_json_uint64;
    case 'd': return epp_json_double;
    default: return epp_json_null;
  }
}

/// For a value of type bool.
static inline bool epp_json_get_bool(epp_json_value value) {
  return (epp_json_word(value) >> 56) == 't';
}

/// For a value of type int64.
static inline int64_t epp_json_get_int64(epp_json_value value) {
  return (int64_t)value.document.tape[value.index + 1];
}

/// For a value of type uint64, which simdjson gives to integers above int64's range only.
static inline uint64_t epp_json_get_uint64(epp_json_value value) {
  return value.document.tape[value.index + 1];
}

/// For a value of type double.
static inline double epp_json_get_double(epp_json_value value) {
  double number;
  memcpy(&number, &value.document.tape[value.index + 1], sizeof number);
  return number;
}

/// For a value of type string: the unescaped UTF-8 bytes.
static inline const uint8_t *_Nonnull epp_json_string_bytes(epp_json_value value) {
  return value.document.strings + (epp_json_word(value) & 0x00FFFFFFFFFFFFFF) + sizeof(uint32_t);
}

/// For a value of type string: the number of unescaped bytes.
static inline size_t epp_json_string_length(epp_json_value value) {
  uint32_t length;
  memcpy(&length, epp_json_string_bytes(value) - sizeof length, sizeof length);
  return length;
}

/// The index just past `value`: that of its next sibling, or of its container's end.
static inline uint32_t epp_json_index_after(epp_json_value value) {
  switch ((char)(epp_json_word(value) >> 56)) {
    case '{': case '[': return (uint32_t)epp_json_word(value);
    case 'l': case 'u': case 'd': return value.index + 2;
    default: return value.index + 1;
  }
}

/// For an array or object: the index of its first child (for an object, of its first key), or of its end.
static inline uint32_t epp_json_first_index(epp_json_value value) {
  return value.index + 1;
}

/// For an array or object: the index of its end. In an object keys and values alternate before it.
static inline uint32_t epp_json_end_index(epp_json_value value) {
  return (uint32_t)epp_json_word(value) - 1;
}

/// For an array of numbers: their number. For other arrays an upper bound of no use.
static inline size_t epp_json_max_count(epp_json_value value) {
  return (epp_json_end_index(value) - epp_json_first_index(value)) / 2;
}

#ifdef __cplusplus
}
#endif

#endif
