/// Cache hints.
#ifndef EPP_PREFETCH_H
#define EPP_PREFETCH_H

/// Asks for the cache line at `address`, which will be read and written soon. Never faults.
static inline void epp_prefetch(const void *_Nullable address) {
  __builtin_prefetch(address, 1, 3);
}

#endif
