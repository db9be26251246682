// SPDX-License-Identifier: Apache-2.0
#include "scripted_fltlib.h"

#include <gtest/gtest.h>

namespace filterport {

Fltlib fltlib;

void FltlibSetSpin(HANDLE, DWORD) {}

} // namespace filterport

namespace filterport::test {

namespace {

constexpr HRESULT kPending = static_cast<HRESULT>(0x800703E5);
ScriptedFltlib *current;
char something;

} // namespace

ScriptedFltlib::ScriptedFltlib() {
    current = this;
    fltlib.FilterGetMessage = filterGetMessage;
    fltlib.FilterReplyMessage = filterReplyMessage;
    fltlib.CreateIoCompletionPort = createIoCompletionPort;
    fltlib.GetQueuedCompletionStatusEx = getQueuedCompletionStatusEx;
    fltlib.PostQueuedCompletionStatus = postQueuedCompletionStatus;
    fltlib.CancelIoEx = cancelIoEx;
    fltlib.CloseHandle = closeHandle;
    fltlib.GetLastError = getLastError;
}

ScriptedFltlib::~ScriptedFltlib() {
    fltlib = {};
    current = nullptr;
}

HANDLE ScriptedFltlib::handle() {
    return &something;
}

void ScriptedFltlib::complete(NTSTATUS status, DWORD bytes) {
    OVERLAPPED_ENTRY entry{};
    entry.lpCompletionKey = key_;
    entry.lpOverlapped = receives_.front().overlapped;
    entry.Internal = static_cast<ULONG_PTR>(status);
    entry.dwNumberOfBytesTransferred = bytes;
    packets_.push_back(entry);
    receives_.pop_front();
}

void ScriptedFltlib::deliver(ULONGLONG messageId, DWORD payload) {
    ASSERT_FALSE(receives_.empty());
    receives_.front().header->ReplyLength = 16;
    receives_.front().header->MessageId = messageId;
    complete(0, static_cast<DWORD>(sizeof(FILTER_MESSAGE_HEADER)) + payload);
}

HRESULT ScriptedFltlib::filterGetMessage(HANDLE, FILTER_MESSAGE_HEADER *message, DWORD, LPOVERLAPPED overlapped) {
    current->calls_.get++;
    current->receives_.push_back({message, overlapped});
    return kPending;
}

HRESULT ScriptedFltlib::filterReplyMessage(HANDLE, FILTER_REPLY_HEADER *reply, DWORD) {
    current->calls_.reply++;
    current->answered_ = reply->MessageId;
    return S_OK;
}

HANDLE ScriptedFltlib::createIoCompletionPort(HANDLE, HANDLE, ULONG_PTR key, DWORD) {
    current->key_ = key;
    return &something;
}

BOOL ScriptedFltlib::getQueuedCompletionStatusEx(HANDLE, LPOVERLAPPED_ENTRY entries, ULONG count, ULONG *removed, DWORD,
                                                 BOOL) {
    current->calls_.wait++;
    ULONG taken = 0;
    for (; taken < count && !current->packets_.empty(); taken++) {
        entries[taken] = current->packets_.front();
        current->packets_.pop_front();
    }
    *removed = taken;
    return taken != 0;
}

BOOL ScriptedFltlib::postQueuedCompletionStatus(HANDLE, DWORD, ULONG_PTR key, LPOVERLAPPED overlapped) {
    OVERLAPPED_ENTRY entry{};
    entry.lpCompletionKey = key;
    entry.lpOverlapped = overlapped;
    current->packets_.push_back(entry);
    return TRUE;
}

BOOL ScriptedFltlib::cancelIoEx(HANDLE, LPOVERLAPPED) {
    current->calls_.cancel++;
    for (; current->cancellable_ != 0 && !current->receives_.empty(); current->cancellable_--) {
        current->complete(kCancelled, 0);
    }
    return TRUE;
}

BOOL ScriptedFltlib::closeHandle(HANDLE) {
    return TRUE;
}

DWORD ScriptedFltlib::getLastError() {
    return WAIT_TIMEOUT;
}

} // namespace filterport::test
