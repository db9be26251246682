// SPDX-License-Identifier: Apache-2.0
//
// fltmgrd with the driver loaded and a direct volume on a folder of its own, as a child process.

#ifndef FILTERPORT_TEST_MANAGER_PROCESS_H
#define FILTERPORT_TEST_MANAGER_PROCESS_H

#include <condition_variable>
#include <future>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <sys/types.h>

class ManagerProcess {
  public:
    /** Starts it; throws std::runtime_error with what went wrong. Sets FILTERPORT_MANAGER. */
    ManagerProcess();
    ~ManagerProcess();
    ManagerProcess(const ManagerProcess &) = delete;
    ManagerProcess &operator=(const ManagerProcess &) = delete;

    /** One command and its answer, `ok ...` or `error ...`; the answer comes when it comes. */
    std::future<std::string> tell(const std::string &command);
    /** The same, waited for; throws when none comes. */
    std::string ask(const std::string &command);

    /** Opens a file of the volume as the process `pid`; the future holds the NTSTATUS of the open. */
    std::future<unsigned> open(const std::string &name, const std::string &access = "r", pid_t pid = 0);
    unsigned openNow(const std::string &name, const std::string &access = "r", pid_t pid = 0);

    /** Makes a file in the volume's folder. */
    void file(const std::string &name, const std::string &content);

  private:
    void readAnswers_();

    std::string folder_;
    std::string volume_;
    pid_t child_ = -1;
    int commands_ = -1;
    int answers_ = -1;
    std::mutex lock_;
    unsigned long lastTag_ = 0;
    std::map<std::string, std::promise<std::string>> waiting_;
    std::promise<std::string> ready_;
    std::thread reader_;
};

#endif
