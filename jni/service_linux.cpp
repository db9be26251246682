/* SPDX-License-Identifier: Apache-2.0 */
#include "service.h"

namespace filterport {

namespace {

constexpr HRESULT kNotHere = static_cast<HRESULT>(0x80070078); /* ERROR_CALL_NOT_IMPLEMENTED */

constexpr ServiceResult NotHere(ServiceCall call) {
    return {kNotHere, call};
}

} // namespace

ServiceResult ServiceCreate(const ServiceNames &) {
    return NotHere(ServiceCall::Create);
}

ServiceResult ServiceSetValue(LPCWSTR, LPCWSTR, DWORD, const void *, DWORD) {
    return NotHere(ServiceCall::SetValue);
}

ServiceResult ServiceDelete(LPCWSTR) {
    return NotHere(ServiceCall::Delete);
}

ServiceResult ServiceStart(LPCWSTR) {
    return NotHere(ServiceCall::Start);
}

ServiceResult ServiceStop(LPCWSTR) {
    return NotHere(ServiceCall::Control);
}

ServiceResult ServiceState(LPCWSTR, DWORD *) {
    return NotHere(ServiceCall::Query);
}

} // namespace filterport
