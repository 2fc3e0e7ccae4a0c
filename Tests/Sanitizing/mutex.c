// Tells the thread sanitizer of the locks that Swift's Mutex takes while another thread has them.
//
// The part of Mutex for the case without contention is compiled into its users, where the sanitizer sees it. The rest is
// in the standard library, which is not compiled for the sanitizer, so that each contended lock looks like a race.
// Preloaded, these functions stand in for the library's and call them.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>

#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context))

typedef void (*sync_function)(void *address);
typedef SWIFT void (*lock_function)(uint32_t thread, SELF void *mutex);
typedef SWIFT void (*unlock_function)(SELF void *mutex);
typedef SWIFT bool (*try_function)(SELF void *mutex);

static void tell(const char *name, void *mutex) {
  sync_function function = (sync_function)dlsym(RTLD_DEFAULT, name);
  if (function) function(mutex);
}

SWIFT void lock_slow(uint32_t thread, SELF void *mutex) __asm__("$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF");
SWIFT void lock_slow(uint32_t thread, SELF void *mutex) {
  ((lock_function)dlsym(RTLD_NEXT, "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"))(thread, mutex);
  tell("__tsan_acquire", mutex);
}

SWIFT bool try_lock_slow(SELF void *mutex) __asm__("$s15Synchronization12_MutexHandleV12_tryLockSlowSbyF");
SWIFT bool try_lock_slow(SELF void *mutex) {
  bool locked = ((try_function)dlsym(RTLD_NEXT, "$s15Synchronization12_MutexHandleV12_tryLockSlowSbyF"))(mutex);
  if (locked) tell("__tsan_acquire", mutex);
  return locked;
}

SWIFT void unlock_slow(SELF void *mutex) __asm__("$s15Synchronization12_MutexHandleV11_unlockSlowyyF");
SWIFT void unlock_slow(SELF void *mutex) {
  tell("__tsan_release", mutex);
  ((unlock_function)dlsym(RTLD_NEXT, "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"))(mutex);
}
