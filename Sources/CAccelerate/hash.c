#include "epp_hash.h"

#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

uint64_t epp_xxh64(const void *bytes, size_t length, uint64_t seed) {
  return XXH64(length == 0 ? "" : bytes, length, seed);
}

uint64_t epp_xxh64_pair(const void *first, size_t first_length, const void *second, size_t second_length) {
  XXH64_state_t state;
  XXH64_reset(&state, 0);
  if (first_length > 0) {
    XXH64_update(&state, first, first_length);
  }
  if (second_length > 0) {
    XXH64_update(&state, second, second_length);
  }
  return XXH64_digest(&state);
}

static inline void put_le64(unsigned char *out, uint64_t value) {
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  value = __builtin_bswap64(value);
#endif
  memcpy(out, &value, sizeof value);
}

static inline uint64_t chain_block(const void *block, size_t block_length, uint64_t previous) {
  unsigned char link[16];
  put_le64(link, XXH64(block, block_length, 0));
  put_le64(link + 8, previous);
  return XXH64(link, sizeof link, 0);
}

uint64_t epp_chain_block(const void *block, size_t block_length, uint64_t previous) {
  return chain_block(block, block_length, previous);
}

uint64_t epp_chain_blocks(
    const void *blocks, size_t block_length, size_t block_count, uint64_t previous, uint64_t *hashes) {
  const unsigned char *block = blocks;
  for (size_t index = 0; index < block_count; index++) {
    previous = chain_block(block, block_length, previous);
    hashes[index] = previous;
    block += block_length;
  }
  return previous;
}
