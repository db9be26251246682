// SPDX-License-Identifier: Apache-2.0
#include "fixture/helper.h"
#include "fixture/platform.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <string>

namespace {

/// Ends the Filter Manager after the last test; an end in disorder (a sanitizer's report, for instance) fails the run.
class ManagerEnd : public ::testing::Environment {
  public:
    void TearDown() override {
        const std::string trouble = conformance::manager().stop();
        if (!trouble.empty()) {
            ADD_FAILURE() << trouble;
        }
    }
};

/// GoogleTest's JSON says that a test was skipped but not why: the reason becomes a property.
class SkipReasons : public ::testing::EmptyTestEventListener {
  public:
    void OnTestPartResult(const ::testing::TestPartResult &part) override {
        if (part.skipped()) {
            ::testing::Test::RecordProperty("skipped_because", part.message());
        }
    }
};

} // namespace

int main(int argc, char **argv) {
    if (argc == 2 && std::string(argv[1]) == conformance::helperArgument) {
        return conformance::helperMain();
    }
    ::testing::InitGoogleTest(&argc, argv);
    ::testing::UnitTest::GetInstance()->listeners().Append(new SkipReasons);
    ::testing::AddGlobalTestEnvironment(new ManagerEnd);
    return RUN_ALL_TESTS();
}
