/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Driver services: what FilterService.java needs of Windows' service control manager. One file per platform
 * (service_windows.cpp, service_linux.cpp); Linux has none and answers ERROR_CALL_NOT_IMPLEMENTED.
 */
#ifndef FILTERPORT_JNI_SERVICE_H
#define FILTERPORT_JNI_SERVICE_H

#include <stdint.h>
#include <windows.h>

#include <fltUser.h>

namespace filterport {

/** Twin of ServiceShim.CALLS. */
enum class ServiceCall : uint32_t {
    OpenManager,
    Create,
    Open,
    Start,
    Control,
    Delete,
    Query,
    CreateKey,
    SetValue,
};

/** S_OK, or how the call failed. */
struct ServiceResult {
    HRESULT result;
    ServiceCall call;
};

/** Text ends in a zero; dependencies: each, and then all of them. */
struct ServiceNames {
    LPCWSTR name;
    LPCWSTR display_name;
    LPCWSTR image;
    LPCWSTR group;
    LPCWSTR dependencies;
};

/** A file-system driver, started on demand. */
ServiceResult ServiceCreate(const ServiceNames &names);

/** Makes the key below HKEY_LOCAL_MACHINE if need be. */
ServiceResult ServiceSetValue(LPCWSTR key, LPCWSTR name, DWORD type, const void *data, DWORD length);

ServiceResult ServiceDelete(LPCWSTR name);
ServiceResult ServiceStart(LPCWSTR name);
ServiceResult ServiceStop(LPCWSTR name);
ServiceResult ServiceState(LPCWSTR name, DWORD *state);

} // namespace filterport

#endif
