#include "epp_heap.h"

// Defines __GLIBC__ where that is the C library.
#include <stdlib.h>

#ifdef __GLIBC__
#include <malloc.h>

void epp_keep_freed_memory(void) {
  mallopt(M_MMAP_THRESHOLD, 4 << 20);
  mallopt(M_TRIM_THRESHOLD, 32 << 20);
}
#else
void epp_keep_freed_memory(void) {}
#endif
