// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>
#include <string>

/// A test on a tmpfs of its own, with directories in/ and out/; skipped where mounting or fanotify is not permitted.
class TmpfsTest : public testing::Test {
  protected:
    void SetUp() override;
    void TearDown() override;
    /// Makes a file and returns its path.
    std::string file(const std::string &name, const std::string &content = "Good");
    std::string in() const { return root_ + "/in"; }
    std::string root() const { return root_; }

  private:
    std::string root_;
    bool mounted_ = false;
};
