// SPDX-License-Identifier: Apache-2.0
// The tests' platform: pthread locks, a clock that stands still until a test moves it, and one condition variable for everything that
// a test may wait for. Nothing here sleeps for a time, so every test is as fast as the machine and never depends on its speed.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>

#include "fltmgr_core.h"

namespace world {

inline std::mutex lock;
inline std::condition_variable changed;

/// Lets a test wait until predicate holds; it is evaluated under world::lock after every change.
template <typename Predicate>
void await(Predicate predicate) {
    std::unique_lock<std::mutex> guard(lock);
    changed.wait(guard, predicate);
}

/// Runs a change under world::lock and tells everybody.
template <typename Change>
void change(Change what) {
    std::lock_guard<std::mutex> guard(lock);
    what();
    changed.notify_all();
}

/// Moves both clocks; sleepers whose deadline is over wake.
void advance(int64_t hundred_nanoseconds);
bool is_over(const fm_deadline &deadline); // under world::lock
int64_t system_now();

/// The n-th allocation from now fails (1: the next); 0: none.
void fail_allocation(int n);

/// Requestors.
extern const fm_requestor administrator;
extern const fm_requestor ordinary_user;
extern const fm_requestor kernel;
void set_requestor(const fm_requestor *requestor); // of the calling thread

/// A thread that can be alerted; fm_current_thread() is its own inside.
class Thread {
  public:
    explicit Thread(std::function<void()> body);
    ~Thread() { join(); }
    Thread(const Thread &) = delete;
    void join();
    void alert() { fm_alert_thread(&thread_); }

  private:
    fm_thread thread_;
    std::thread runner_;
};

} // namespace world
