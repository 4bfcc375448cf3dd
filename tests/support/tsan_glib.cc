// GLib's locks are futexes of its own, and the library is not instrumented: the thread sanitizer sees none of them and
// takes every buffer that GStreamer hands from thread to thread for a race. Loaded before GLib (LD_PRELOAD), this tells
// it what each of them orders; in programs without the sanitizer it only calls on.
#include <dlfcn.h>
#include <gst/gst.h>

extern "C" {
void __tsan_acquire(void* address) __attribute__((weak));
void __tsan_release(void* address) __attribute__((weak));
}

namespace {

void Acquire(void* address) {
  if (__tsan_acquire != nullptr) __tsan_acquire(address);
}
void Release(void* address) {
  if (__tsan_release != nullptr) __tsan_release(address);
}

// Work for a main loop, which takes its lock inside GLib.
struct Work {
  GSourceFunc function;
  gpointer data;
  GDestroyNotify notify;
};
gboolean RunWork(gpointer pointer) {
  Acquire(pointer);
  const auto* work = static_cast<Work*>(pointer);
  return work->function(work->data);
}
void EndWork(gpointer pointer) {
  Acquire(pointer);
  auto* work = static_cast<Work*>(pointer);
  if (work->notify != nullptr) work->notify(work->data);
  delete work;
}

}  // namespace

#define NEXT(function) static auto* const next = reinterpret_cast<decltype(&function)>(dlsym(RTLD_NEXT, #function))

#define LOCK_OF(Type, prefix)              \
  void prefix##_lock(Type* mutex) {        \
    NEXT(prefix##_lock);                   \
    next(mutex);                           \
    Acquire(mutex);                        \
  }                                        \
  gboolean prefix##_trylock(Type* mutex) { \
    NEXT(prefix##_trylock);                \
    const gboolean locked = next(mutex);   \
    if (locked) Acquire(mutex);            \
    return locked;                         \
  }                                        \
  void prefix##_unlock(Type* mutex) {      \
    NEXT(prefix##_unlock);                 \
    Release(mutex);                        \
    next(mutex);                           \
  }

extern "C" {

LOCK_OF(GMutex, g_mutex)
LOCK_OF(GRecMutex, g_rec_mutex)

void g_cond_wait(GCond* condition, GMutex* mutex) {
  NEXT(g_cond_wait);
  Release(mutex);
  next(condition, mutex);
  Acquire(mutex);
}
gboolean g_cond_wait_until(GCond* condition, GMutex* mutex, gint64 end) {
  NEXT(g_cond_wait_until);
  Release(mutex);
  const gboolean signalled = next(condition, mutex, end);
  Acquire(mutex);
  return signalled;
}

guint g_idle_add_full(gint priority, GSourceFunc function, gpointer data, GDestroyNotify notify) {
  NEXT(g_idle_add_full);
  auto* work = new Work{function, data, notify};
  Release(work);
  return next(priority, RunWork, work, EndWork);
}

}  // extern "C"
