/// Searching bytes for a short word.
#ifndef EPP_FIND_H
#define EPP_FIND_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/// The first occurrence of `needle` (1 to 64 bytes) in `length` bytes, or null. Needs no set-up, unlike memmem, which
/// makes it faster for texts of a few hundred bytes.
const void *_Nullable epp_find(
    const void *_Nonnull bytes, size_t length, const void *_Nonnull needle, size_t needle_length);

#ifdef __cplusplus
}
#endif

#endif
