#include "epp_find.h"

#include <stdint.h>
#include <string.h>

typedef uint8_t block __attribute__((vector_size(16)));
typedef uint64_t halves __attribute__((vector_size(16)));

const void *epp_find(const void *bytes, size_t length, const void *needle, size_t needle_length) {
  const uint8_t *text = bytes;
  const uint8_t *word = needle;
  if (needle_length == 0 || length < needle_length) return NULL;
  const size_t last = needle_length - 1;
  const size_t starts = length - last;
  size_t i = 0;
  // A place where both the first and the last byte fit is rare, so that comparing whole words there costs nothing.
  for (; i + sizeof(block) <= starts; i += sizeof(block)) {
    block head, tail;
    memcpy(&head, text + i, sizeof head);
    memcpy(&tail, text + i + last, sizeof tail);
    block hits = (block)((head == word[0]) & (tail == word[last]));
    halves any = (halves)hits;
    if ((any[0] | any[1]) == 0) continue;
    for (size_t j = 0; j < sizeof(block); j++) {
      if (hits[j] && memcmp(text + i + j, word, needle_length) == 0) return text + i + j;
    }
  }
  for (; i < starts; i++) {
    if (text[i] == word[0] && text[i + last] == word[last] && memcmp(text + i, word, needle_length) == 0) {
      return text + i;
    }
  }
  return NULL;
}
