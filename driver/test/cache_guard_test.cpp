// SPDX-License-Identifier: Apache-2.0
//
// What is remembered, and what never is. How a remembered verdict ends is in cache_stale_test.cpp.

#include "cache_fixture.h"

#include <cerrno>

#include <sys/stat.h>
#include <unistd.h>

namespace {

TEST_F(Cache, a_file_that_stays_as_it_is_is_asked_about_once) {
    start();
    const std::string path = remembered();
    for (int i = 0; i < 20; i++) {
        EXPECT_FALSE(asks(path));
    }
    const FP_COUNTERS c = decider->counters();
    EXPECT_EQ(c.Cached, 1u);
    EXPECT_EQ(c.CacheRefused, 0u);
    EXPECT_EQ(c.Allowed, 1u) << "what is remembered is not counted";
    EXPECT_EQ(counter("cache.kept"), 1);
    EXPECT_EQ(counter("cache.entries"), 1);
}

} // namespace
