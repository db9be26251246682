/* SPDX-License-Identifier: Apache-2.0 */
/**
 * fltlib's port functions, as libfltlib.so offers them on Linux: own declarations, Windows' names and contracts.
 * The rule ids are those of docs/rules.md. Every function is thread-safe.
 *
 * Results are HRESULTs made as fltlib makes them (rules ERR-01 to ERR-03). Those that callers meet most:
 *   0x80070002  no port of that name: is the driver loaded, is the name exact?
 *   0x80070005  the port's security descriptor gives this user too little access
 *   0x800704D6  the port has as many connections as it allows
 *   0x80070006  the handle is not a connection, or the connection has ended: close it and connect again
 *   0x801F0020  nobody waits for that reply (any more); the connection stays usable
 *   0x800700EA  the reply is longer than the sender's buffer; the message counts as answered
 *   0x8007007A  the message did not fit into this receive's buffer and stays first in line (OPEN-05)
 *   0x800703E3  the receive was cancelled
 *   0x80070015  no filter manager answers at the socket (Linux only): is fltmgrd running?
 */
#ifndef FILTERPORT_FLTUSER_H
#define FILTERPORT_FLTUSER_H

#include <windows.h>

#include "fltUserStructures.h"
#include "fltWinError.h"

FP_EXTERN_C_BEGIN
FP_EXPORTS_BEGIN

/**
 * Connects to the port lpPortName (`u"\\MyFilterPort"`); blocks until the driver's connect callback has returned.
 * dwOptions is 0 or FLT_PORT_FLAG_SYNC_HANDLE. lpContext and wSizeOfContext (at most 0xFFE7) go together or are NULL
 * and 0. On failure *hPort is INVALID_HANDLE_VALUE; otherwise close it with CloseHandle. (CONN-01 to CONN-21) The
 * filter manager is the one that the environment variable FILTERPORT_MANAGER names, or the system's.
 */
HRESULT WINAPI FilterConnectCommunicationPort(_In_ LPCWSTR lpPortName, _In_ DWORD dwOptions,
                                              _In_reads_bytes_opt_(wSizeOfContext) LPCVOID lpContext,
                                              _In_ WORD wSizeOfContext,
                                              _In_opt_ LPSECURITY_ATTRIBUTES lpSecurityAttributes,
                                              _Outptr_ HANDLE *hPort);

/**
 * Sends bytes to the driver; blocks until its message callback has returned. *lpBytesReturned is required.
 * lpOutBuffer may be NULL. (USER-01 to USER-15)
 */
HRESULT WINAPI FilterSendMessage(_In_ HANDLE hPort, _In_reads_bytes_opt_(dwInBufferSize) LPVOID lpInBuffer,
                                 _In_ DWORD dwInBufferSize,
                                 _Out_writes_bytes_to_opt_(dwOutBufferSize, *lpBytesReturned) LPVOID lpOutBuffer,
                                 _In_ DWORD dwOutBufferSize, _Out_ LPDWORD lpBytesReturned);

/**
 * Receives one message into a buffer that starts with FILTER_MESSAGE_HEADER; the size counts the header.
 * Without lpOverlapped blocks until a message comes. With it returns 0x800703E5 (pending) at once, always (OPEN-20);
 * buffer and OVERLAPPED stay untouched by the caller until the receive has ended. At most 1024 receives may be pending
 * on one connection; one more fails with 0x800705AA. (GET-01 to GET-17)
 */
HRESULT WINAPI FilterGetMessage(_In_ HANDLE hPort,
                                _Out_writes_bytes_(dwMessageBufferSize) FILTER_MESSAGE_HEADER *lpMessageBuffer,
                                _In_ DWORD dwMessageBufferSize, _Inout_opt_ LPOVERLAPPED lpOverlapped);

/**
 * Answers the message whose MessageId stands in the FILTER_REPLY_HEADER at the start of the buffer. Does not block for
 * replies of up to 992 bytes. The buffer is free when the call returns. (REPLY-01 to REPLY-14)
 */
HRESULT WINAPI FilterReplyMessage(_In_ HANDLE hPort,
                                  _In_reads_bytes_(dwReplyBufferSize) FILTER_REPLY_HEADER *lpReplyBuffer,
                                  _In_ DWORD dwReplyBufferSize);

FP_EXPORTS_END
FP_EXTERN_C_END

#endif
