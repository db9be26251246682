// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>
#include <sys/types.h>

/// A helper process that opens one file (and executes it, reads or writes a byte) and ends: a gated opener that is neither the test nor fltmgrd.
class Opener {
  public:
    enum How { read, execute, content, modify };
    explicit Opener(const std::string &path, How how = read);
    /// Kills it if it still waits.
    ~Opener();
    Opener(Opener &&other) noexcept : pid_(other.pid_) { other.pid_ = -1; }
    Opener &operator=(Opener &&) = delete;

    /// 0 when the open succeeded, errno when not, -1 when it still waits after the limit.
    int result(std::chrono::milliseconds limit = std::chrono::seconds(20));
    bool isWaiting() { return result(std::chrono::milliseconds(0)) == -1; }
    /// Waits until it sleeps in the kernel.
    bool awaitBlocked();

  private:
    pid_t pid_ = -1;
    int result_ = -1;
};

/// Opens and waits for the outcome.
int openElsewhere(const std::string &path, Opener::How how = Opener::read);

/// What ten thousand openers at once saw.
struct Crowd {
    long opened = -1;
    long denied = -1;
    long others = -1;
};
Crowd openByMany(const std::string &path, int count);
