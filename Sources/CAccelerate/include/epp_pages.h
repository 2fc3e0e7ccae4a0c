/// Large zeroed memory for tables that are accessed at random.
#ifndef EPP_PAGES_H
#define EPP_PAGES_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Maps `length` zeroed bytes, or returns null. From 2 MiB on they are aligned to 2 MiB and the kernel is asked for huge
/// pages: with small ones nearly every access to a large table walks the page tables, which costs more than the access.
void *_Nullable epp_pages_allocate(size_t length);

/// Unmaps what `epp_pages_allocate(length)` returned.
void epp_pages_free(void *_Nullable pages, size_t length);

#ifdef __cplusplus
}
#endif

#endif
