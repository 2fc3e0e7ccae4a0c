// Preloaded into a picker, counts its heap allocations in a file that others can read while it runs.
// Build: cc -shared -fPIC -O2 allocations.c -o liballocations.so; the file's name is in EPP_ALLOCATIONS.
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

static uint64_t unseen;
static uint64_t *counter = &unseen;

__attribute__((constructor)) static void open_counter(void) {
  const char *name = getenv("EPP_ALLOCATIONS");
  int file = name == NULL ? -1 : open(name, O_RDWR | O_CREAT, 0600);
  if (file < 0) return;
  if (ftruncate(file, sizeof *counter) == 0) {
    void *mapped = mmap(NULL, sizeof *counter, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (mapped != MAP_FAILED) counter = mapped;
  }
  close(file);
}

static void count(void) { __atomic_fetch_add(counter, 1, __ATOMIC_RELAXED); }

void *malloc(size_t size) {
  count();
  return __libc_malloc(size);
}

void *calloc(size_t number, size_t size) {
  count();
  return __libc_calloc(number, size);
}

void *realloc(void *pointer, size_t size) {
  count();
  return __libc_realloc(pointer, size);
}

void *memalign(size_t alignment, size_t size) {
  count();
  return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }

int posix_memalign(void **pointer, size_t alignment, size_t size) {
  *pointer = memalign(alignment, size);
  return *pointer == NULL ? 12 : 0;  // ENOMEM
}
