/* SPDX-License-Identifier: Apache-2.0 */
#include "service.h"

#include <winsvc.h>

namespace filterport {

namespace {

ServiceResult Done(ServiceCall call) {
    return {S_OK, call};
}

ServiceResult Failed(ServiceCall call) {
    return {HRESULT_FROM_WIN32(GetLastError()), call};
}

/** A handle of the service control manager; closed with its scope. */
struct ServiceHandle {
    explicit ServiceHandle(SC_HANDLE value) : handle(value) {}
    ~ServiceHandle() {
        if (handle != nullptr) {
            CloseServiceHandle(handle);
        }
    }
    ServiceHandle(const ServiceHandle &) = delete;
    ServiceHandle &operator=(const ServiceHandle &) = delete;
    const SC_HANDLE handle;
};

/** Opens a service and does one thing with it; `action` takes its handle and tells whether it worked. */
template <typename Action>
ServiceResult WithService(LPCWSTR name, DWORD access, ServiceCall call, Action action) {
    ServiceHandle manager(OpenSCManagerW(nullptr, nullptr, SC_MANAGER_CONNECT));
    if (manager.handle == nullptr) {
        return Failed(ServiceCall::OpenManager);
    }
    ServiceHandle service(OpenServiceW(manager.handle, name, access));
    if (service.handle == nullptr) {
        return Failed(ServiceCall::Open);
    }
    return action(service.handle) ? Done(call) : Failed(call);
}

} // namespace

ServiceResult ServiceCreate(const ServiceNames &names) {
    ServiceHandle manager(OpenSCManagerW(nullptr, nullptr, SC_MANAGER_CREATE_SERVICE));
    if (manager.handle == nullptr) {
        return Failed(ServiceCall::OpenManager);
    }
    ServiceHandle service(CreateServiceW(manager.handle, names.name, names.display_name, SERVICE_ALL_ACCESS,
                                         SERVICE_FILE_SYSTEM_DRIVER, SERVICE_DEMAND_START, SERVICE_ERROR_NORMAL,
                                         names.image, names.group, nullptr, names.dependencies, nullptr, nullptr));
    return service.handle == nullptr ? Failed(ServiceCall::Create) : Done(ServiceCall::Create);
}

ServiceResult ServiceSetValue(LPCWSTR key, LPCWSTR name, DWORD type, const void *data, DWORD length) {
    HKEY opened = nullptr;
    LSTATUS status = RegCreateKeyExW(HKEY_LOCAL_MACHINE, key, 0, nullptr, 0, KEY_SET_VALUE, nullptr, &opened, nullptr);
    if (status != ERROR_SUCCESS) {
        return {HRESULT_FROM_WIN32(static_cast<DWORD>(status)), ServiceCall::CreateKey};
    }
    status = RegSetValueExW(opened, name, 0, type, static_cast<const BYTE *>(data), length);
    RegCloseKey(opened);
    return {HRESULT_FROM_WIN32(static_cast<DWORD>(status)), ServiceCall::SetValue};
}

ServiceResult ServiceDelete(LPCWSTR name) {
    return WithService(name, DELETE, ServiceCall::Delete,
                       [](SC_HANDLE service) { return DeleteService(service) != FALSE; });
}

ServiceResult ServiceStart(LPCWSTR name) {
    return WithService(name, SERVICE_START, ServiceCall::Start,
                       [](SC_HANDLE service) { return StartServiceW(service, 0, nullptr) != FALSE; });
}

ServiceResult ServiceStop(LPCWSTR name) {
    return WithService(name, SERVICE_STOP, ServiceCall::Control, [](SC_HANDLE service) {
        SERVICE_STATUS status;
        return ControlService(service, SERVICE_CONTROL_STOP, &status) != FALSE;
    });
}

ServiceResult ServiceState(LPCWSTR name, DWORD *state) {
    return WithService(name, SERVICE_QUERY_STATUS, ServiceCall::Query, [state](SC_HANDLE service) {
        SERVICE_STATUS status = {};
        bool known = QueryServiceStatus(service, &status) != FALSE;
        *state = status.dwCurrentState;
        return known;
    });
}

} // namespace filterport
