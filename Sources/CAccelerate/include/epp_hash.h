/// XXH64 for content keys and for the chained hashes of prompt blocks.
#ifndef EPP_HASH_H
#define EPP_HASH_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// XXH64 of `length` bytes. `bytes` may be null when `length` is 0.
uint64_t epp_xxh64(const void *_Nullable bytes, size_t length, uint64_t seed);

/// XXH64, seed 0, of `first` followed by `second`, without joining them in memory.
uint64_t epp_xxh64_pair(
    const void *_Nullable first, size_t first_length, const void *_Nullable second, size_t second_length);

/// One link of a block chain: XXH64(LE64(XXH64(block)) ‖ LE64(previous)), both with seed 0.
uint64_t epp_chain_block(const void *_Nonnull block, size_t block_length, uint64_t previous);

/// Chains `block_count` adjacent blocks of `block_length` bytes each and writes one hash a block to `hashes`.
/// Returns the last hash, or `previous` when there is no block.
uint64_t epp_chain_blocks(
    const void *_Nonnull blocks, size_t block_length, size_t block_count, uint64_t previous,
    uint64_t *_Nonnull hashes);

#ifdef __cplusplus
}
#endif

#endif
