/* SPDX-License-Identifier: Apache-2.0 */
#include "entry_service.h"

#include "service.h"

namespace filterport {
namespace {

/** A char array of Java's that ends in a zero, for as long as this lives. */
struct WideText {
    WideText(JNIEnv *jni, jcharArray of)
        : env(jni), array(of), chars(jni->ExceptionCheck() ? nullptr : jni->GetCharArrayElements(of, nullptr)) {}
    ~WideText() {
        if (chars != nullptr) {
            env->ReleaseCharArrayElements(array, chars, JNI_ABORT);
        }
    }
    WideText(const WideText &) = delete;
    WideText &operator=(const WideText &) = delete;
    LPCWSTR get() const { return reinterpret_cast<LPCWSTR>(chars); }

    JNIEnv *const env;
    const jcharArray array;
    jchar *const chars;
};

jlong Packed(ServiceResult result) {
    return static_cast<jlong>(static_cast<uint64_t>(result.call) << 32 | static_cast<uint32_t>(result.result));
}

jlong OutOfMemory(ServiceCall call) {
    return Packed({E_OUTOFMEMORY, call});
}

jlong JNICALL Service_create(JNIEnv *env, jclass, jcharArray name, jcharArray display_name, jcharArray image,
                             jcharArray group, jcharArray dependencies) {
    WideText texts[] = {{env, name}, {env, display_name}, {env, image}, {env, group}, {env, dependencies}};
    for (const WideText &text : texts) {
        if (text.chars == nullptr) {
            return OutOfMemory(ServiceCall::Create);
        }
    }
    return Packed(ServiceCreate({texts[0].get(), texts[1].get(), texts[2].get(), texts[3].get(), texts[4].get()}));
}

jlong JNICALL Service_setValue(JNIEnv *env, jclass, jcharArray key, jcharArray name, jint type, jbyteArray data) {
    WideText key_text(env, key);
    WideText name_text(env, name);
    if (key_text.chars == nullptr || name_text.chars == nullptr) {
        return OutOfMemory(ServiceCall::SetValue);
    }
    jbyte *bytes = env->GetByteArrayElements(data, nullptr);
    if (bytes == nullptr) {
        return OutOfMemory(ServiceCall::SetValue);
    }
    ServiceResult result = ServiceSetValue(key_text.get(), name_text.get(), static_cast<DWORD>(type), bytes,
                                           static_cast<DWORD>(env->GetArrayLength(data)));
    env->ReleaseByteArrayElements(data, bytes, JNI_ABORT);
    return Packed(result);
}

template <typename Action>
jlong WithName(JNIEnv *env, jcharArray name, ServiceCall call, Action action) {
    WideText text(env, name);
    return text.chars == nullptr ? OutOfMemory(call) : Packed(action(text.get()));
}

jlong JNICALL Service_delete(JNIEnv *env, jclass, jcharArray name) {
    return WithName(env, name, ServiceCall::Delete, ServiceDelete);
}

jlong JNICALL Service_start(JNIEnv *env, jclass, jcharArray name) {
    return WithName(env, name, ServiceCall::Start, ServiceStart);
}

jlong JNICALL Service_stop(JNIEnv *env, jclass, jcharArray name) {
    return WithName(env, name, ServiceCall::Control, ServiceStop);
}

jlong JNICALL Service_state(JNIEnv *env, jclass, jcharArray name, jintArray out) {
    DWORD state = 0;
    jlong result =
        WithName(env, name, ServiceCall::Query, [&state](LPCWSTR text) { return ServiceState(text, &state); });
    jint value = static_cast<jint>(state);
    if (!env->ExceptionCheck()) {
        env->SetIntArrayRegion(out, 0, 1, &value);
    }
    return result;
}

template <typename Function>
JNINativeMethod Method(const char *name, const char *signature, Function *function) {
    return {const_cast<char *>(name), const_cast<char *>(signature), reinterpret_cast<void *>(function)};
}

const JNINativeMethod kMethods[] = {
    Method("create", "([C[C[C[C[C)J", Service_create),
    Method("setValue", "([C[CI[B)J", Service_setValue),
    Method("delete", "([C)J", Service_delete),
    Method("start", "([C)J", Service_start),
    Method("stop", "([C)J", Service_stop),
    Method("state", "([C[I)J", Service_state),
};

} // namespace

jint RegisterServiceNatives(JNIEnv *env) {
    jclass shim = env->FindClass("io/github/filterport/ServiceShim");
    if (shim == nullptr) {
        return JNI_ERR;
    }
    jint result = env->RegisterNatives(shim, kMethods, static_cast<jint>(sizeof kMethods / sizeof kMethods[0]));
    env->DeleteLocalRef(shim);
    return result;
}

} // namespace filterport
