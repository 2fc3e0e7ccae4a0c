#include "epp_arena.h"

#include <stdint.h>
#include <stdlib.h>

enum { ALIGNMENT = 16 };

typedef struct chunk {
  struct chunk *next;
  size_t capacity;
} chunk;

struct epp_arena {
  ProtobufCAllocator allocator;
  chunk *first;
  chunk *current;
  size_t used_in_current;
  size_t used;
};

static size_t header_size(void) { return (sizeof(chunk) + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1); }

static chunk *make_chunk(size_t capacity) {
  if (capacity > SIZE_MAX - header_size()) return NULL;
  chunk *made = malloc(header_size() + capacity);
  if (made == NULL) return NULL;
  made->next = NULL;
  made->capacity = capacity;
  return made;
}

static void *allocate(void *data, size_t size) { return epp_arena_alloc(data, size); }

static void ignore_free(void *data, void *pointer) {
  (void)data;
  (void)pointer;
}

epp_arena *epp_arena_create(size_t chunk_size) {
  epp_arena *arena = calloc(1, sizeof *arena);
  if (arena == NULL) return NULL;
  arena->first = make_chunk(chunk_size < 1024 ? 1024 : chunk_size);
  if (arena->first == NULL) {
    free(arena);
    return NULL;
  }
  arena->current = arena->first;
  arena->allocator.alloc = allocate;
  arena->allocator.free = ignore_free;
  arena->allocator.allocator_data = arena;
  return arena;
}

static void free_chunks_after_first(epp_arena *arena) {
  chunk *each = arena->first->next;
  while (each != NULL) {
    chunk *next = each->next;
    free(each);
    each = next;
  }
  arena->first->next = NULL;
}

void epp_arena_destroy(epp_arena *arena) {
  if (arena == NULL) return;
  free_chunks_after_first(arena);
  free(arena->first);
  free(arena);
}

void epp_arena_reset(epp_arena *arena) {
  if (arena->current != arena->first) free_chunks_after_first(arena);
  arena->current = arena->first;
  arena->used_in_current = 0;
  arena->used = 0;
}

size_t epp_arena_used(const epp_arena *arena) { return arena->used; }

void *epp_arena_alloc(epp_arena *arena, size_t size) {
  if (size > SIZE_MAX - ALIGNMENT) return NULL;
  size_t rounded = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
  // protobuf-c asks for 0 bytes for an empty `bytes` field and takes null for a failure.
  if (rounded == 0) rounded = ALIGNMENT;
  if (arena->current->capacity - arena->used_in_current < rounded) {
    size_t capacity = arena->first->capacity > rounded ? arena->first->capacity : rounded;
    chunk *made = make_chunk(capacity);
    if (made == NULL) return NULL;
    arena->current->next = made;
    arena->current = made;
    arena->used_in_current = 0;
  }
  void *pointer = (char *)arena->current + header_size() + arena->used_in_current;
  arena->used_in_current += rounded;
  arena->used += rounded;
  return pointer;
}

ProtobufCAllocator *epp_arena_allocator(epp_arena *arena) { return &arena->allocator; }
