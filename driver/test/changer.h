// SPDX-License-Identifier: Apache-2.0

#ifndef FILTERPORT_TEST_CHANGER_H
#define FILTERPORT_TEST_CHANGER_H

#include <string>

#include <sys/types.h>

/// A process that has a file open for writing and changes its first byte without a write() that the kernel reports.
class Changer {
  public:
    enum How { mapping, asynchronous };
    /// Opens the file, and maps it.
    Changer(const std::string &path, How how);
    /// Closes it.
    ~Changer() { close(); }
    Changer(const Changer &) = delete;
    Changer &operator=(const Changer &) = delete;

    /// Changes the first byte; when it returns everybody reads the new one.
    void change();
    /// Unmaps, closes, ends.
    void close();

  private:
    bool await();
    void say();
    pid_t pid_ = -1;
    int to_ = -1;
    int from_ = -1;
};

#endif
