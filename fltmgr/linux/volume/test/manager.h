// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <sys/types.h>
#include <vector>

/// fltmgrd as a child, embedded. Not thread-safe; one command at a time unless said otherwise.
class Manager {
  public:
    /// Starts it with more arguments and a driver, and waits until it is ready.
    explicit Manager(std::vector<std::string> arguments = {}, const std::string &driver = "gate_test");
    /// Stops it if it still runs.
    ~Manager();
    Manager(const Manager &) = delete;
    Manager &operator=(const Manager &) = delete;

    /// Sends a command and returns the answer without its tag, "gone" when fltmgrd ended.
    std::string command(const std::string &text);
    /// Sends a command and does not wait. The answer comes with some later awaitAnswer of this tag.
    std::string send(const std::string &text);
    std::string awaitAnswer(const std::string &tag);
    /// One counter by name; -1 when there is none.
    long counter(const std::string &name);
    /// Closes stdin and waits. The exit status, -signal, or -1000 when it had to be killed after ten seconds.
    int stop();
    /// Waits for the end without asking for it.
    int awaitEnd();

    const std::string &socket() const { return socket_; }
    pid_t supervisor() const { return pid_; }
    pid_t host() const;

  private:
    bool readLine(std::string &line);
    pid_t pid_ = -1;
    int input_ = -1;
    int output_ = -1;
    int tag_ = 0;
    std::string folder_;
    std::string socket_;
    std::string received_;
    std::map<std::string, std::string> answers_;
};
