#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "epp_pages.h"

#include <stdint.h>
#include <sys/mman.h>

static const size_t huge_page = (size_t)2 << 20;

static void *map(size_t length) {
  void *pages = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return pages == MAP_FAILED ? NULL : pages;
}

void *epp_pages_allocate(size_t length) {
  if (length < huge_page) {
    return map(length);
  }
  if (length > SIZE_MAX - huge_page) {
    return NULL;
  }
  // Mapped with room to align, then trimmed to what was asked for.
  unsigned char *raw = map(length + huge_page);
  if (raw == NULL) {
    return NULL;
  }
  size_t head = (huge_page - (uintptr_t)raw % huge_page) % huge_page;
  if (head > 0) {
    munmap(raw, head);
  }
  munmap(raw + head + length, huge_page - head);
#ifdef MADV_HUGEPAGE
  madvise(raw + head, length, MADV_HUGEPAGE);
#endif
  return raw + head;
}

void epp_pages_free(void *pages, size_t length) {
  if (pages != NULL) {
    munmap(pages, length);
  }
}
