// SPDX-License-Identifier: Apache-2.0
//
// Pinned threads, the barriers between them, and the clock around a job.
#include "kernels/workers.hpp"

#include <algorithm>
#include <chrono>

#if defined(__x86_64__)
#include <immintrin.h>
#endif
#if defined(__linux__)
#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#endif

namespace attncalc {
namespace {

void relax() {
#if defined(__x86_64__)
  _mm_pause();
#endif
}

void pin_to(int core) {
#if defined(__linux__)
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(core, &set);
  pthread_setaffinity_np(pthread_self(), sizeof set, &set);
#else
  (void)core;
#endif
}

// Denormal numbers cost microcode; attention has no use for them. The setting is a thread's own.
void flush_denormals() {
#if defined(__x86_64__)
  constexpr unsigned flush_to_zero = 0x8000, denormals_are_zero = 0x0040;
  _mm_setcsr(_mm_getcsr() | flush_to_zero | denormals_are_zero);
#endif
}

double now() {
  using namespace std::chrono;
  return duration<double>(steady_clock::now().time_since_epoch()).count();
}

// How often this thread lost its core against its will.
long preemptions() {
#if defined(__linux__)
  rusage usage{};
  getrusage(RUSAGE_THREAD, &usage);
  return usage.ru_nivcsw;
#else
  return 0;
#endif
}

}  // namespace

void Barrier::arrive_and_wait() {
  const int generation = generation_.load(std::memory_order_acquire);
  if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 == count_) {
    arrived_.store(0, std::memory_order_relaxed);
    generation_.store(generation + 1, std::memory_order_release);
    return;
  }
  constexpr int patience = 10'000;  // then another process may have the core of who is late
  for (int spins = 0; generation_.load(std::memory_order_acquire) == generation; ++spins) {
    if (spins < patience) {
      relax();
    } else {
      std::this_thread::yield();
    }
  }
}

Workers::Workers(std::vector<int> cores)
    : slots_(cores.size()),
      start_(static_cast<int>(cores.size())),
      inside_(static_cast<int>(cores.size())) {
  for (std::size_t i = 0; i < cores.size(); ++i) {
    threads_.emplace_back([this, i, core = cores[i]] { work(static_cast<int>(i), core); });
  }
}

Workers::~Workers() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

JobTime Workers::run(const Job& job) {
  std::unique_lock lock(mutex_);
  job_ = &job;
  running_ = count();
  ++generation_;
  wake_.notify_all();
  done_.wait(lock, [this] { return running_ == 0; });
  const auto by_begin = [](const Slot& a, const Slot& b) { return a.begin < b.begin; };
  const auto by_end = [](const Slot& a, const Slot& b) { return a.end < b.end; };
  return {.seconds = std::ranges::max_element(slots_, by_end)->end -
                     std::ranges::min_element(slots_, by_begin)->begin,
          .disturbed = std::ranges::any_of(slots_, &Slot::disturbed)};
}

void Workers::work(int index, int core) {
  pin_to(core);
  flush_denormals();
  for (int seen = 0;;) {
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [&] { return stop_ || generation_ != seen; });
      if (stop_) return;
      seen = generation_;
    }
    do_job(index);
    const std::lock_guard lock(mutex_);
    if (--running_ == 0) done_.notify_one();
  }
}

void Workers::do_job(int index) {
  start_.arrive_and_wait();
  Slot& slot = slots_[static_cast<std::size_t>(index)];
  const long before = preemptions();
  slot.begin = now();
  (*job_)(Worker{.index = index, .count = count(), .barrier = count() > 1 ? &inside_ : nullptr});
  slot.end = now();
  slot.disturbed = preemptions() != before;
}

}  // namespace attncalc
