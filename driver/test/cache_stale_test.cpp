// SPDX-License-Identifier: Apache-2.0
//
// Every way in which a remembered verdict could outlive what it was about: the next open is asked again, or nothing was
// remembered in the first place. And the one way that remains.

#include "cache_fixture.h"
#include "changer.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace {

TEST_F(Cache, a_write_ends_it) {
    start();
    const std::string path = remembered();
    EXPECT_EQ(openElsewhere(path, Opener::modify), 0);
    EXPECT_TRUE(asks(path));
}

} // namespace
