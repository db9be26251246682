// SPDX-License-Identifier: Apache-2.0
//
// A decider or observer in C++, over fltlib: what a service for this driver looks like without Java.

#ifndef FILTERPORT_TEST_GUARD_CLIENT_H
#define FILTERPORT_TEST_GUARD_CLIENT_H

#include <windows.h>

#include <fltUser.h>

#include "protocol.h"

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

/** An event as it was received. */
struct Received {
    ULONGLONG messageId = 0;
    ULONG replyLength = 0;
    FP_EVENT event{};
    std::u16string path;
    std::string content;
};

class GuardClient {
  public:
    /** Runs on the receiving thread. */
    using Handler = std::function<void(GuardClient &, const Received &)>;

    /** Connects; the outcome is in result(). Starts to receive. */
    GuardClient(FP_U16 role, FP_U32 flags, Handler handler, FP_U32 capacity = 0);
    ~GuardClient();
    GuardClient(const GuardClient &) = delete;
    GuardClient &operator=(const GuardClient &) = delete;

    HRESULT result() const { return result_; }
    /** Closes the connection and ends the receiving thread. Once is enough, twice does nothing. */
    void close();

    /** Answers with a verdict. */
    HRESULT reply(const Received &to, FP_U32 verdict);
    /** Answers with any bytes. */
    HRESULT replyBytes(const Received &to, const void *bytes, ULONG length, LONG status = 0);

    /** Waits until so many events have come; returns them all. Throws when they do not come. */
    std::vector<Received> await(size_t count);

    /** FilterSendMessage. */
    HRESULT command(const void *in, DWORD inLength, void *out, DWORD outLength);
    HRESULT setPolicy(FP_U32 kind, FP_POLICY policy);
    HRESULT setMaxInFlight(FP_U32 count);
    FP_COUNTERS counters();

  private:
    void receive_();

    HANDLE port_ = INVALID_HANDLE_VALUE;
    HRESULT result_ = 0;
    Handler handler_;
    std::thread thread_;
    std::mutex lock_;
    std::condition_variable came_;
    std::vector<Received> received_;
};

#endif
