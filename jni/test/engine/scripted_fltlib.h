// SPDX-License-Identifier: Apache-2.0
/**
 * A fltlib whose other end is the test: it counts what the engine calls and completes receives when it is told to.
 * One at a time, one thread.
 */
#ifndef FILTERPORT_JNI_TEST_SCRIPTED_FLTLIB_H
#define FILTERPORT_JNI_TEST_SCRIPTED_FLTLIB_H

#include <cstdint>
#include <deque>

#include "../../fltlib.h"

namespace filterport::test {

class ScriptedFltlib {
  public:
    static constexpr NTSTATUS kCancelled = static_cast<NTSTATUS>(0xC0000120);

    struct Calls {
        int get = 0;
        int wait = 0;
        int reply = 0;
        int cancel = 0;
    };

    ScriptedFltlib();
    ~ScriptedFltlib();
    ScriptedFltlib(const ScriptedFltlib &) = delete;
    ScriptedFltlib &operator=(const ScriptedFltlib &) = delete;

    /** Something to pass for a handle. */
    static HANDLE handle();

    /** The oldest receive gets a message of that many payload bytes. */
    void deliver(ULONGLONG messageId, DWORD payload);

    /** The oldest receive ends without a message. */
    void end(NTSTATUS status) { complete(status, 0); }

    /** How many more receives CancelIoEx ends, the oldest first; the others stay out. All by default. */
    void cancelEnds(size_t receives) { cancellable_ = receives; }

    /** Receives that are out. */
    size_t pending() const { return receives_.size(); }

    const Calls &calls() const { return calls_; }
    void forgetCalls() { calls_ = {}; }

    /** What the last FilterReplyMessage answered. */
    ULONGLONG answered() const { return answered_; }

  private:
    struct Receive {
        FILTER_MESSAGE_HEADER *header;
        OVERLAPPED *overlapped;
    };

    static HRESULT WINAPI filterGetMessage(HANDLE port, FILTER_MESSAGE_HEADER *message, DWORD size,
                                           LPOVERLAPPED overlapped);
    static HRESULT WINAPI filterReplyMessage(HANDLE port, FILTER_REPLY_HEADER *reply, DWORD size);
    static HANDLE WINAPI createIoCompletionPort(HANDLE file, HANDLE existing, ULONG_PTR key, DWORD threads);
    static BOOL WINAPI getQueuedCompletionStatusEx(HANDLE port, LPOVERLAPPED_ENTRY entries, ULONG count, ULONG *removed,
                                                   DWORD milliseconds, BOOL alertable);
    static BOOL WINAPI postQueuedCompletionStatus(HANDLE port, DWORD bytes, ULONG_PTR key, LPOVERLAPPED overlapped);
    static BOOL WINAPI cancelIoEx(HANDLE file, LPOVERLAPPED overlapped);
    static BOOL WINAPI closeHandle(HANDLE handle);
    static DWORD WINAPI getLastError();

    void complete(NTSTATUS status, DWORD bytes);

    std::deque<Receive> receives_;
    std::deque<OVERLAPPED_ENTRY> packets_;
    size_t cancellable_ = SIZE_MAX;
    ULONG_PTR key_ = 0;
    ULONGLONG answered_ = 0;
    Calls calls_;
};

} // namespace filterport::test

#endif
