// SPDX-License-Identifier: Apache-2.0
#include "world.h"

#include <pthread.h>

#include <atomic>
#include <cstdlib>
#include <utility>

namespace world {
namespace {

int64_t monotonic = 1'000'000;
int64_t system_time = 133'000'000'000'000'000;
std::atomic<int> allocations_left{0};

const struct {
    UCHAR revision, count, authority[6];
    ULONG sub[2];
} administrators = {1, 2, {0, 0, 0, 0, 0, 5}, {32, 544}};
const struct {
    UCHAR revision, count, authority[6];
    ULONG sub[2];
} user_1000 = {1, 2, {0, 0, 0, 0, 0, 22}, {1, 1000}};
const void *const administrator_sids[] = {&administrators};
const void *const user_sids[] = {&user_1000};

thread_local const fm_requestor *current_requestor = nullptr;
thread_local fm_thread *current_thread = nullptr;

} // namespace

const fm_requestor administrator = {100, 101, 7, nullptr, nullptr, false, 1, administrator_sids};
const fm_requestor ordinary_user = {200, 201, 8, nullptr, nullptr, false, 1, user_sids};
const fm_requestor kernel = {4, 5, 1, nullptr, nullptr, true, 0, nullptr};

void advance(int64_t hundred_nanoseconds) {
    change([&] {
        monotonic += hundred_nanoseconds;
        system_time += hundred_nanoseconds;
    });
}

bool is_over(const fm_deadline &deadline) {
    switch (deadline.kind) {
    case FM_MONOTONIC:
        return monotonic >= deadline.value;
    case FM_REALTIME:
        return system_time >= deadline.value;
    default:
        return false;
    }
}

int64_t system_now() {
    return fm_clock_system();
}

void fail_allocation(int n) {
    allocations_left = n;
}

void set_requestor(const fm_requestor *requestor) {
    current_requestor = requestor;
}

Thread::Thread(std::function<void()> body) {
    fm_thread_init(&thread_);
    runner_ = std::thread([this, body = std::move(body)] {
        current_thread = &thread_;
        body();
        current_thread = nullptr;
    });
}

void Thread::join() {
    if (runner_.joinable()) {
        runner_.join();
        fm_thread_fini(&thread_);
    }
}

} // namespace world

// platform.h ----------------------------------------------------------------------------------------------------------

namespace {

pthread_mutex_t *native(fm_mutex *mutex) {
    static_assert(sizeof(pthread_mutex_t) <= sizeof(fm_mutex));
    return reinterpret_cast<pthread_mutex_t *>(mutex->storage);
}

struct Waiter {
    pthread_mutex_t lock;
    pthread_cond_t condition;
    bool woken;
};
static_assert(sizeof(Waiter) <= sizeof(fm_waiter));

Waiter *native(fm_waiter *waiter) {
    return reinterpret_cast<Waiter *>(waiter->storage);
}

} // namespace

void fm_mutex_init(fm_mutex *mutex) {
    pthread_mutex_init(native(mutex), nullptr);
}
void fm_mutex_fini(fm_mutex *mutex) {
    pthread_mutex_destroy(native(mutex));
}
void fm_mutex_lock(fm_mutex *mutex) {
    pthread_mutex_lock(native(mutex));
}
void fm_mutex_unlock(fm_mutex *mutex) {
    pthread_mutex_unlock(native(mutex));
}

int64_t fm_clock_monotonic() {
    std::lock_guard<std::mutex> guard(world::lock);
    return world::monotonic;
}

int64_t fm_clock_system() {
    std::lock_guard<std::mutex> guard(world::lock);
    return world::system_time;
}

void fm_waiter_init(fm_waiter *waiter) {
    Waiter *w = native(waiter);
    pthread_mutex_init(&w->lock, nullptr);
    pthread_cond_init(&w->condition, nullptr);
    w->woken = false;
}

void fm_waiter_fini(fm_waiter *waiter) {
    pthread_cond_destroy(&native(waiter)->condition);
    pthread_mutex_destroy(&native(waiter)->lock);
}

fm_wait_result fm_waiter_wait(fm_waiter *waiter, const fm_deadline *deadline) {
    Waiter *w = native(waiter);
    if (deadline->kind != FM_FOREVER) {
        std::abort(); // the core waits with a limit only through a transport
    }
    pthread_mutex_lock(&w->lock);
    while (!w->woken) {
        pthread_cond_wait(&w->condition, &w->lock);
    }
    w->woken = false;
    pthread_mutex_unlock(&w->lock);
    return FM_WOKEN;
}

void fm_waiter_wake(fm_waiter *waiter) {
    Waiter *w = native(waiter);
    pthread_mutex_lock(&w->lock);
    w->woken = true;
    pthread_cond_signal(&w->condition);
    pthread_mutex_unlock(&w->lock);
}

void *fm_allocate(size_t size) {
    if (world::allocations_left > 0 && --world::allocations_left == 0) {
        return nullptr;
    }
    return std::calloc(1, size);
}

void fm_release(void *memory) {
    std::free(memory);
}

uint16_t fm_upcase(uint16_t unit) {
    return unit >= 'a' && unit <= 'z' ? static_cast<uint16_t>(unit - 'a' + 'A') : unit;
}

const fm_requestor *fm_current_requestor() {
    return world::current_requestor != nullptr ? world::current_requestor : &world::kernel;
}

fm_thread *fm_current_thread() {
    return world::current_thread;
}
