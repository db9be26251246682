// SPDX-License-Identifier: Apache-2.0

#include "manager_process.h"

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace {

constexpr std::chrono::seconds kPatience{30};

std::string programFolder() {
    return std::filesystem::read_symlink("/proc/self/exe").parent_path().string();
}

template <typename T>
T wait(std::future<T> future, const std::string &what) {
    if (future.wait_for(kPatience) != std::future_status::ready) {
        throw std::runtime_error("fltmgrd gave no answer to: " + what);
    }
    return future.get();
}

std::string valueOf(const std::string &answer, const std::string &key) {
    const size_t begin = answer.find(key + "=");
    if (answer.rfind("ok", 0) != 0 || begin == std::string::npos) {
        throw std::runtime_error("fltmgrd answered: " + answer);
    }
    const size_t value = begin + key.size() + 1;
    return answer.substr(value, answer.find(' ', value) - value);
}

} // namespace

ManagerProcess::ManagerProcess() {
    char folder[] = "/tmp/filterport-driver-XXXXXX";
    if (mkdtemp(folder) == nullptr) {
        throw std::runtime_error(std::string("mkdtemp: ") + std::strerror(errno));
    }
    folder_ = folder;
    std::filesystem::create_directory(folder_ + "/volume");

    const std::string program = programFolder() + "/fltmgrd";
    const std::string drivers = programFolder() + "/../drivers";
    const std::string socket = folder_ + "/socket";
    int in[2];
    int out[2];
    if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0) {
        throw std::runtime_error(std::string("pipe2: ") + std::strerror(errno));
    }
    child_ = fork();
    if (child_ == 0) {
        dup2(in[0], STDIN_FILENO);
        dup2(out[1], STDOUT_FILENO);
        execl(program.c_str(), program.c_str(), "--embedded", "--socket", socket.c_str(), "--drivers", drivers.c_str(),
              static_cast<char *>(nullptr));
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    commands_ = in[1];
    answers_ = out[0];
    std::future<std::string> ready = ready_.get_future();
    reader_ = std::thread([this] { readAnswers_(); });
    setenv("FILTERPORT_MANAGER", wait(std::move(ready), "the start of " + program).c_str(), 1);

    const std::string loaded = ask("load " FILTERPORT_DRIVER_NAME);
    if (loaded.rfind("ok", 0) != 0) {
        throw std::runtime_error("load: " + loaded);
    }
    volume_ = valueOf(ask("volume direct " + folder_ + "/volume"), "volume");
}

ManagerProcess::~ManagerProcess() {
    close(commands_); // end-of-file is its order to go
    reader_.join();
    int status = 0;
    waitpid(child_, &status, 0);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        ADD_FAILURE() << "fltmgrd ended badly: wait status 0x" << std::hex << status;
    }
    close(answers_);
    std::filesystem::remove_all(folder_);
}

void ManagerProcess::readAnswers_() {
    std::string pending;
    char bytes[4096];
    bool started = false;
    for (ssize_t length; (length = read(answers_, bytes, sizeof(bytes))) > 0;) {
        pending.append(bytes, static_cast<size_t>(length));
        for (size_t end; (end = pending.find('\n')) != std::string::npos; pending.erase(0, end + 1)) {
            const std::string line = pending.substr(0, end);
            const size_t space = line.find(' ');
            if (!started) {
                started = true;
                ready_.set_value(line.substr(space + 1));
                continue;
            }
            std::lock_guard<std::mutex> guard(lock_);
            const auto found = waiting_.find(line.substr(0, space));
            if (found != waiting_.end()) {
                found->second.set_value(line.substr(space + 1));
                waiting_.erase(found);
            }
        }
    }
    std::lock_guard<std::mutex> guard(lock_);
    const auto gone = std::make_exception_ptr(std::runtime_error("fltmgrd has gone"));
    if (!started) {
        ready_.set_exception(gone);
    }
    for (auto &entry : waiting_) {
        entry.second.set_exception(gone);
    }
    waiting_.clear();
}

std::future<std::string> ManagerProcess::tell(const std::string &command) {
    std::lock_guard<std::mutex> guard(lock_);
    const std::string tag = std::to_string(++lastTag_);
    const std::string line = tag + " " + command + "\n";
    std::future<std::string> answer = waiting_[tag].get_future();
    if (write(commands_, line.data(), line.size()) != static_cast<ssize_t>(line.size())) {
        throw std::runtime_error(std::string("write to fltmgrd: ") + std::strerror(errno));
    }
    return answer;
}

std::string ManagerProcess::ask(const std::string &command) {
    return wait(tell(command), command);
}

std::future<unsigned> ManagerProcess::open(const std::string &name, const std::string &access, pid_t pid) {
    std::string command = "open " + volume_ + " " + folder_ + "/volume/" + name + " " + access;
    if (pid != 0) {
        command += " pid=" + std::to_string(pid) + " uid=0";
    }
    return std::async(std::launch::deferred, [answer = tell(command).share()] {
        return static_cast<unsigned>(std::stoul(valueOf(answer.get(), "status"), nullptr, 16));
    });
}

unsigned ManagerProcess::openNow(const std::string &name, const std::string &access, pid_t pid) {
    return open(name, access, pid).get();
}

void ManagerProcess::file(const std::string &name, const std::string &content) {
    std::ofstream(folder_ + "/volume/" + name, std::ios::binary) << content;
}
