/// A bump allocator for protobuf-c: allocation moves a pointer, freeing does nothing, a reset forgets everything.
///
/// Unpacking a message makes dozens of small allocations that all end together; an arena for each event loop makes them
/// nearly free. Not thread-safe.
#ifndef EPP_ARENA_H
#define EPP_ARENA_H

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>

typedef struct epp_arena epp_arena;

/// Creates an arena whose first chunk holds `chunk_size` bytes. Returns null when there is no memory.
epp_arena *_Nullable epp_arena_create(size_t chunk_size);

/// Frees the arena and everything allocated from it.
void epp_arena_destroy(epp_arena *_Nullable arena);

/// Makes all memory available again. Chunks beyond the first are given back.
void epp_arena_reset(epp_arena *_Nonnull arena);

/// Bytes handed out since the last reset.
size_t epp_arena_used(const epp_arena *_Nonnull arena);

/// Allocates `size` bytes aligned for any type; null when memory is short.
void *_Nullable epp_arena_alloc(epp_arena *_Nonnull arena, size_t size);

/// The allocator to pass to protobuf-c. Lives as long as the arena.
ProtobufCAllocator *_Nonnull epp_arena_allocator(epp_arena *_Nonnull arena);

#endif
