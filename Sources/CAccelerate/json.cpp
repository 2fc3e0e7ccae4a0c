#define SIMDJSON_EXCEPTIONS 0
#include "epp_json.h"

#include <charconv>
#include <cstdlib>
#include <memory>
#include <new>
#include <simdjson.h>

namespace dom = simdjson::dom;

static_assert(EPP_JSON_PADDING >= simdjson::SIMDJSON_PADDING, "callers promise too few readable bytes");
static_assert(EPP_JSON_MAX_DEPTH == simdjson::DEFAULT_MAX_DEPTH, "the documented depth is not simdjson's");

namespace {

/// simdjson sizes its buffers for exactly the document at hand; rounding up keeps a run of slowly growing documents
/// from reallocating each time.
size_t rounded_capacity(size_t length) {
  constexpr size_t smallest = size_t{16} << 10, step = size_t{1} << 20;
  if (length > step) {
    return (length + step - 1) / step * step;
  }
  size_t capacity = smallest;
  while (capacity < length) {
    capacity *= 2;
  }
  return capacity;
}

constexpr size_t largest_document = size_t{1} << 30;

int hex_digit(uint8_t c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// The code unit of a `\uXXXX` escape at `p`, or -1.
int unicode_escape(const uint8_t *p, const uint8_t *end) {
  if (end - p < 6 || p[0] != '\\' || p[1] != 'u') return -1;
  int unit = 0;
  for (int i = 2; i < 6; i++) {
    int digit = hex_digit(p[i]);
    if (digit < 0) return -1;
    unit = unit * 16 + digit;
  }
  return unit;
}

bool is_digit(uint8_t c) { return c >= '0' && c <= '9'; }

/// Replaces, byte for byte, what simdjson refuses but model servers read: lone surrogate escapes, and integers of so
/// many digits that they may pass 64 bits. Returns whether anything was replaced.
bool repair(uint8_t *p, uint8_t *end) {
  bool changed = false, in_string = false;
  while (p < end) {
    if (in_string) {
      if (*p == '"') {
        in_string = false;
        p++;
      } else if (*p == '\\') {
        int unit = unicode_escape(p, end);
        if (unit < 0) {
          p += 2;
        } else if (unit < 0xD800 || unit > 0xDFFF) {
          p += 6;
        } else if (int low = unit < 0xDC00 ? unicode_escape(p + 6, end) : -1; low >= 0xDC00 && low <= 0xDFFF) {
          p += 12;
        } else {
          memcpy(p + 2, "FFFD", 4);
          changed = true;
          p += 6;
        }
      } else {
        p++;
      }
    } else if (*p == '"') {
      in_string = true;
      p++;
    } else if (is_digit(*p)) {
      uint8_t *first = p;
      while (p < end && is_digit(*p)) p++;
      bool integer = p == end || (*p != '.' && *p != 'e' && *p != 'E');
      if (integer && p - first >= 19) {
        // The last two digits become an exponent: within 1e-17 of the value, which no double resolves.
        memcpy(p - 2, "e2", 2);
        changed = true;
      }
      while (p < end && (is_digit(*p) || *p == '.' || *p == 'e' || *p == 'E' || *p == '+' || *p == '-')) p++;
    } else {
      p++;
    }
  }
  return changed;
}

/// Output that counts what does not fit.
struct Writer {
  uint8_t *out;
  size_t capacity;
  size_t length = 0;

  void put(char c) {
    if (length < capacity) out[length] = uint8_t(c);
    length++;
  }
  void put(const void *bytes, size_t count) {
    if (length < capacity) {
      size_t room = capacity - length;
      memcpy(out + length, bytes, count < room ? count : room);
    }
    length += count;
  }
  void put_string(const uint8_t *bytes, size_t count) {
    static const char hex[] = "0123456789abcdef";
    put('"');
    size_t run = 0;
    for (size_t i = 0; i < count; i++) {
      uint8_t c = bytes[i];
      if (c >= 0x20 && c != '"' && c != '\\') continue;
      put(bytes + run, i - run);
      run = i + 1;
      switch (c) {
        case '"': put("\\\"", 2); break;
        case '\\': put("\\\\", 2); break;
        case '\n': put("\\n", 2); break;
        case '\r': put("\\r", 2); break;
        case '\t': put("\\t", 2); break;
        default: {
          char escape[6] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
          put(escape, sizeof escape);
        }
      }
    }
    put(bytes + run, count - run);
    put('"');
  }
  template <typename T> void put_number(T number) {
    char text[32];
    auto result = std::to_chars(text, text + sizeof text, number);
    put(text, size_t(result.ptr - text));
  }
};

}  // namespace

struct epp_json_parser {
  std::unique_ptr<dom::parser> dom;
  size_t max_document_bytes;
  size_t capacity = 0;
};

epp_json_parser *epp_json_parser_create(size_t max_document_bytes) {
  auto *parser = new (std::nothrow) epp_json_parser;
  if (parser == nullptr) return nullptr;
  parser->max_document_bytes = max_document_bytes < largest_document ? max_document_bytes : largest_document;
  return parser;
}

void epp_json_parser_destroy(epp_json_parser *parser) { delete parser; }

size_t epp_json_parser_capacity(const epp_json_parser *parser) { return parser->capacity; }

void epp_json_parser_shrink(epp_json_parser *parser, size_t keep) {
  if (parser->capacity <= keep) return;
  parser->dom.reset();
  parser->capacity = 0;
}

static int reserve(epp_json_parser *parser, size_t length) {
  if (parser->dom && length <= parser->capacity) return simdjson::SUCCESS;
  // Old buffers go first, so that growth never holds both.
  parser->dom.reset();
  parser->capacity = 0;
  size_t capacity = rounded_capacity(length);
  std::unique_ptr<dom::parser> fresh(new (std::nothrow) dom::parser);
  if (!fresh) return simdjson::MEMALLOC;
  if (auto error = fresh->doc.allocate(capacity)) return error;
  if (auto error = fresh->allocate(capacity)) return error;
  parser->dom = std::move(fresh);
  parser->capacity = capacity;
  return simdjson::SUCCESS;
}

int epp_json_parse(epp_json_parser *parser, const void *document, size_t length, epp_json_value *root) {
  if (length > parser->max_document_bytes) return simdjson::CAPACITY;
  if (int error = reserve(parser, length)) return error;
  int error = parser->dom->parse(static_cast<const uint8_t *>(document), length, false).error();
  if (error == simdjson::STRING_ERROR || error == simdjson::NUMBER_ERROR) {
    struct Freer {
      void operator()(uint8_t *bytes) const { free(bytes); }
    };
    std::unique_ptr<uint8_t, Freer> copy(static_cast<uint8_t *>(malloc(length + EPP_JSON_PADDING)));
    if (!copy) return simdjson::MEMALLOC;
    memcpy(copy.get(), document, length);
    memset(copy.get() + length, ' ', EPP_JSON_PADDING);
    if (repair(copy.get(), copy.get() + length)) {
      error = parser->dom->parse(copy.get(), length, false).error();
    }
  }
  if (error) return error;
  root->document.tape = parser->dom->doc.tape.get();
  root->document.strings = parser->dom->doc.string_buf.get();
  root->index = 1;
  return simdjson::SUCCESS;
}

const char *epp_json_error_message(int code) {
  switch (code) {
    case simdjson::SUCCESS: return "no error";
    case simdjson::CAPACITY: return "the document is larger than the limit";
    case simdjson::MEMALLOC: return "out of memory";
    case simdjson::EMPTY: return "unexpected end of JSON input";
    case simdjson::UNCLOSED_STRING: return "unexpected end of JSON input in a string";
    case simdjson::DEPTH_ERROR: return "arrays and objects nest deeper than 1024 levels";
    case simdjson::STRING_ERROR: return "invalid escape sequence in a string";
    case simdjson::UNESCAPED_CHARS: return "unescaped control character in a string";
    case simdjson::UTF8_ERROR: return "invalid UTF-8";
    case simdjson::NUMBER_ERROR: return "invalid number, or a number out of range";
    case simdjson::T_ATOM_ERROR:
    case simdjson::F_ATOM_ERROR:
    case simdjson::N_ATOM_ERROR: return "invalid literal, expected true, false or null";
    default: return "invalid JSON structure";
  }
}

size_t epp_json_minify(epp_json_value value, uint8_t *out, size_t capacity) {
  Writer writer{out, capacity};
  // A flat walk over the tape; one bit a level says whether the container is an object and where its next word stands.
  struct Level {
    bool object, first, key;
  };
  Level levels[EPP_JSON_MAX_DEPTH + 1];
  size_t depth = 0;
  const uint32_t end = epp_json_index_after(value);
  while (value.index < end) {
    const char tag = char(epp_json_word(value) >> 56);
    if (tag == '}' || tag == ']') {
      writer.put(tag);
      depth--;
      value.index++;
      continue;
    }
    if (depth > 0) {
      Level &level = levels[depth - 1];
      if (level.object && !level.key) {
        writer.put(':');
        level.key = true;
      } else {
        if (!level.first) writer.put(',');
        level.first = false;
        level.key = false;
      }
    }
    switch (tag) {
      case '{':
      case '[':
        if (depth > EPP_JSON_MAX_DEPTH) return writer.length;
        writer.put(tag);
        levels[depth++] = Level{tag == '{', true, true};
        value.index++;
        continue;
      case '"': writer.put_string(epp_json_string_bytes(value), epp_json_string_length(value)); break;
      case 'l': writer.put_number(epp_json_get_int64(value)); break;
      case 'u': writer.put_number(epp_json_get_uint64(value)); break;
      case 'd': writer.put_number(epp_json_get_double(value)); break;
      case 't': writer.put("true", 4); break;
      case 'f': writer.put("false", 5); break;
      default: writer.put("null", 4); break;
    }
    value.index = epp_json_index_after(value);
  }
  return writer.length;
}

ptrdiff_t epp_json_copy_uint32s(epp_json_value value, uint8_t *out) {
  const uint64_t *tape = value.document.tape;
  const uint32_t end = epp_json_end_index(value);
  ptrdiff_t count = 0;
  for (uint32_t index = epp_json_first_index(value); index < end; index += 2) {
    // Only int64 can hold a 32-bit value: uint64 words are above its range.
    if (char(tape[index] >> 56) != 'l' || tape[index + 1] > UINT32_MAX) return -1;
    uint32_t id = uint32_t(tape[index + 1]);
    uint8_t bytes[4] = {uint8_t(id), uint8_t(id >> 8), uint8_t(id >> 16), uint8_t(id >> 24)};
    memcpy(out + 4 * count, bytes, 4);
    count++;
  }
  return count;
}
