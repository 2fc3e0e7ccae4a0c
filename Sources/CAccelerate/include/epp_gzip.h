/// Compressing bytes in the gzip format (zlib).
#ifndef EPP_GZIP_H
#define EPP_GZIP_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Bytes that `epp_gzip` may need for an output of `length` bytes.
size_t epp_gzip_bound(size_t length);

/// Compresses `length` bytes at zlib's level `level` (1 fast … 9 small) and returns the number of bytes written to
/// `output`; 0 when memory is short or `capacity` does not suffice. Allocates and frees zlib's working memory.
size_t epp_gzip(
    const uint8_t *_Nullable bytes, size_t length, int level, uint8_t *_Nonnull output, size_t capacity);

#ifdef __cplusplus
}
#endif

#endif
