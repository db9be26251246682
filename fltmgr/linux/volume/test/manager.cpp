// SPDX-License-Identifier: Apache-2.0
#include "manager.h"

#include <chrono>
#include <climits>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <poll.h>
#include <stdexcept>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace {

constexpr int patience_ms = 30000;

std::string buildFolder() {
    char path[PATH_MAX];
    const ssize_t length = readlink("/proc/self/exe", path, sizeof(path));
    const std::string self(path, length < 0 ? 0 : static_cast<size_t>(length));
    const std::string bin = self.substr(0, self.rfind('/'));
    return bin.substr(0, bin.rfind('/'));
}

} // namespace

Manager::Manager(std::vector<std::string> arguments, const std::string &driver) {
    signal(SIGPIPE, SIG_IGN);
    char folder[] = "/tmp/volume_test_XXXXXX";
    if (mkdtemp(folder) == nullptr) {
        throw std::runtime_error("mkdtemp in /tmp failed");
    }
    folder_ = folder;
    socket_ = folder_ + "/socket";
    std::vector<std::string> words{buildFolder() + "/bin/fltmgrd", "--embedded", "--socket", socket_, "--drivers",
                                   buildFolder() + "/drivers",     "--load",     driver};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<char *> argv;
    for (auto &word : words) {
        argv.push_back(word.data());
    }
    argv.push_back(nullptr);
    int in[2], out[2];
    if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0) {
        throw std::runtime_error("pipe2 failed");
    }
    pid_ = fork();
    if (pid_ == 0) {
        dup2(in[0], STDIN_FILENO);
        dup2(out[1], STDOUT_FILENO);
        execv(argv[0], argv.data());
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    input_ = in[1];
    output_ = out[0];
    std::string line;
    if (!readLine(line) || line.rfind("ready ", 0) != 0) {
        stop();
        throw std::runtime_error("fltmgrd did not become ready; its own words are above");
    }
}

Manager::~Manager() {
    stop();
    unlink(socket_.c_str());
    rmdir(folder_.c_str());
}

bool Manager::readLine(std::string &line) {
    for (;;) {
        const size_t end = received_.find('\n');
        if (end != std::string::npos) {
            line = received_.substr(0, end);
            received_.erase(0, end + 1);
            return true;
        }
        pollfd entry{output_, POLLIN, 0};
        char buffer[4096];
        const ssize_t count = poll(&entry, 1, patience_ms) > 0 ? read(output_, buffer, sizeof(buffer)) : 0;
        if (count <= 0) {
            return false;
        }
        received_.append(buffer, static_cast<size_t>(count));
    }
}

std::string Manager::send(const std::string &text) {
    const std::string tag = std::to_string(++tag_);
    const std::string line = tag + " " + text + "\n";
    if (write(input_, line.data(), line.size()) != static_cast<ssize_t>(line.size())) {
        answers_[tag] = "gone";
    }
    return tag;
}

std::string Manager::awaitAnswer(const std::string &tag) {
    std::string line;
    while (answers_.find(tag) == answers_.end()) {
        if (!readLine(line)) {
            return "gone";
        }
        const size_t space = line.find(' ');
        answers_[line.substr(0, space)] = space == std::string::npos ? "" : line.substr(space + 1);
    }
    const std::string answer = answers_[tag];
    answers_.erase(tag);
    return answer;
}

std::string Manager::command(const std::string &text) {
    return awaitAnswer(send(text));
}

long Manager::counter(const std::string &name) {
    const std::string answer = command("counters") + " ";
    const size_t start = answer.find(" " + name + "=");
    return start == std::string::npos ? -1 : std::stol(answer.substr(start + name.size() + 2));
}

int Manager::stop() {
    if (input_ >= 0) {
        close(input_);
        input_ = -1;
    }
    return awaitEnd();
}

int Manager::awaitEnd() {
    if (pid_ < 0) {
        return 0;
    }
    int status = 0;
    bool killed = false;
    const auto limit = std::chrono::steady_clock::now() + std::chrono::milliseconds(patience_ms);
    while (waitpid(pid_, &status, WNOHANG) == 0) {
        if (!killed && std::chrono::steady_clock::now() > limit) {
            killed = true;
            kill(pid_, SIGKILL);
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    pid_ = -1;
    if (input_ >= 0) {
        close(input_);
        input_ = -1;
    }
    close(output_);
    output_ = -1;
    return killed ? -1000 : WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

pid_t Manager::host() const {
    const std::string pid = std::to_string(pid_);
    std::ifstream children("/proc/" + pid + "/task/" + pid + "/children");
    pid_t host = -1;
    children >> host;
    return host;
}
