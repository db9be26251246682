// SPDX-License-Identifier: Apache-2.0
#include "opener.h"

#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdio>
#include <fcntl.h>
#include <fstream>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

Opener::Opener(const std::string &path, How how) {
    const char *name = path.c_str();
    char *const arguments[] = {const_cast<char *>(name), nullptr};
    char *const environment[] = {nullptr};
    pid_ = fork();
    if (pid_ == 0) {
        close_range(3, ~0U, 0); // the test's pipes to fltmgrd among them
        if (how == execute) {
            execve(name, arguments, environment);
            _exit(errno);
        }
        const int descriptor = open(name, how == modify ? O_WRONLY : O_RDONLY);
        char byte = 0;
        const bool done = descriptor >= 0 && (how == content  ? ::read(descriptor, &byte, 1) == 1
                                              : how == modify ? write(descriptor, &byte, 1) == 1
                                                              : true);
        _exit(done ? 0 : errno);
    }
}

Opener::~Opener() {
    if (pid_ > 0) {
        kill(pid_, SIGKILL);
        waitpid(pid_, nullptr, 0);
    }
}

int Opener::result(std::chrono::milliseconds limit) {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (pid_ > 0) {
        int status = 0;
        if (waitpid(pid_, &status, WNOHANG) == pid_) {
            result_ = WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
            pid_ = -1;
        } else if (std::chrono::steady_clock::now() >= end) {
            return -1;
        } else {
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
    }
    return result_;
}

bool Opener::awaitBlocked() {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (std::chrono::steady_clock::now() < end) {
        std::ifstream file("/proc/" + std::to_string(pid_) + "/wchan");
        std::string where;
        file >> where;
        if (where.find("fanotify") != std::string::npos) {
            return true;
        }
        std::ifstream stat("/proc/" + std::to_string(pid_) + "/stat");
        std::string text;
        std::getline(stat, text);
        const size_t name = text.rfind(')');
        if ((where.empty() || where == "0") && name != std::string::npos &&
            (text[name + 2] == 'S' || text[name + 2] == 'D')) {
            return true; /* a kernel that hides wchan */
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return false;
}

int openElsewhere(const std::string &path, Opener::How how) {
    return Opener(path, how).result();
}

Crowd openByMany(const std::string &path, int count) {
    char self[PATH_MAX];
    const ssize_t length = readlink("/proc/self/exe", self, sizeof(self));
    const std::string program(self, length < 0 ? 0 : static_cast<size_t>(length));
    const std::string command =
        program.substr(0, program.rfind('/')) + "/open_many " + path + " " + std::to_string(count);
    Crowd crowd;
    FILE *output = popen(command.c_str(), "re");
    if (output != nullptr) {
        if (fscanf(output, "%ld %ld %ld", &crowd.opened, &crowd.denied, &crowd.others) != 3) {
            crowd = Crowd();
        }
        pclose(output);
    }
    return crowd;
}
