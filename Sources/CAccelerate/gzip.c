#include "epp_gzip.h"

#include <string.h>
#include <zlib.h>

// The gzip header and trailer in place of zlib's.
enum { GZIP_WINDOW = 15 + 16, MEMORY_LEVEL = 8, OVERHEAD = 32 };

size_t epp_gzip_bound(size_t length) { return compressBound(length) + OVERHEAD; }

size_t epp_gzip(const uint8_t *bytes, size_t length, int level, uint8_t *output, size_t capacity) {
  z_stream stream;
  memset(&stream, 0, sizeof stream);
  if (length > UINT32_MAX || capacity > UINT32_MAX) return 0;
  if (deflateInit2(&stream, level, Z_DEFLATED, GZIP_WINDOW, MEMORY_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK) return 0;
  stream.next_in = (uint8_t *)bytes;
  stream.avail_in = (uInt)length;
  stream.next_out = output;
  stream.avail_out = (uInt)capacity;
  int result = deflate(&stream, Z_FINISH);
  size_t written = stream.total_out;
  deflateEnd(&stream);
  return result == Z_STREAM_END ? written : 0;
}
