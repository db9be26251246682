// SPDX-License-Identifier: Apache-2.0

#include "changer.h"

#include <cstdint>
#include <stdexcept>

#include <fcntl.h>
#include <linux/aio_abi.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

constexpr char kNewByte = '!';

bool writeAsynchronously(int descriptor) {
    aio_context_t context = 0;
    iocb request{};
    iocb *requests = &request;
    io_event event{};
    request.aio_lio_opcode = IOCB_CMD_PWRITE;
    request.aio_fildes = static_cast<std::uint32_t>(descriptor);
    request.aio_buf = reinterpret_cast<std::uintptr_t>(&kNewByte);
    request.aio_nbytes = 1;
    return syscall(SYS_io_setup, 1, &context) == 0 && syscall(SYS_io_submit, context, 1, &requests) == 1 &&
           syscall(SYS_io_getevents, context, 1, 1, &event, nullptr) == 1 && event.res == 1;
}

bool change(const char *path, Changer::How how, int from, int to) {
    char byte = 0;
    const int descriptor = open(path, O_RDWR);
    void *map = mmap(nullptr, 1, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    if (descriptor < 0 || map == MAP_FAILED || write(to, &byte, 1) != 1 || read(from, &byte, 1) != 1) {
        return false;
    }
    if (how == Changer::mapping) {
        *static_cast<volatile char *>(map) = kNewByte;
    } else if (!writeAsynchronously(descriptor)) {
        return false;
    }
    return write(to, &byte, 1) == 1 && read(from, &byte, 1) == 1;
}

} // namespace

Changer::Changer(const std::string &path, How how) {
    int in[2], out[2];
    if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0) {
        throw std::runtime_error("pipe2 failed");
    }
    const char *name = path.c_str();
    pid_ = fork();
    if (pid_ == 0) {
        dup2(in[0], 3); // the test's other descriptors, pipes to fltmgrd among them, are closed
        dup2(out[1], 4);
        close_range(5, ~0U, 0);
        _exit(::change(name, how, 3, 4) ? 0 : 1);
    }
    ::close(in[0]);
    ::close(out[1]);
    to_ = in[1];
    from_ = out[0];
    if (!await()) {
        throw std::runtime_error("no writer on " + path);
    }
}

bool Changer::await() {
    char byte;
    return read(from_, &byte, 1) == 1;
}

void Changer::say() {
    const char byte = 0;
    if (write(to_, &byte, 1) != 1) {
        throw std::runtime_error("the writer has gone");
    }
}

void Changer::change() {
    say();
    if (!await()) {
        throw std::runtime_error("the writer could not write");
    }
}

void Changer::close() {
    if (pid_ > 0) {
        ::close(to_);
        ::close(from_);
        waitpid(pid_, nullptr, 0);
        pid_ = -1;
    }
}
