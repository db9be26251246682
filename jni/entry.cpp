/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What Java calls: the twins of Shim.java. Each checks nothing that Java has checked, does one thing and returns a
 * number; Java makes exceptions of them. No callback into Java, no lookup.
 */
#include <jni.h>
#include <stdlib.h>

#include "arena.h"
#include "engine.h"
#include "entry_service.h"
#include "entry_view.h"
#include "fltlib.h"

namespace filterport {
namespace {

template <typename T>
T *At(jlong handle) {
    return reinterpret_cast<T *>(static_cast<uintptr_t>(handle));
}

jlong HandleOf(const void *pointer) {
    return static_cast<jlong>(reinterpret_cast<uintptr_t>(pointer));
}

/** A byte array as NUL-terminated text. */
struct Text {
    Text(JNIEnv *env, jbyteArray bytes) {
        if (bytes != nullptr) {
            jsize length = env->GetArrayLength(bytes);
            data = static_cast<char *>(calloc(1, static_cast<size_t>(length) + 1));
            if (data != nullptr) {
                env->GetByteArrayRegion(bytes, 0, length, reinterpret_cast<jbyte *>(data));
            }
        }
    }
    ~Text() { free(data); }
    Text(const Text &) = delete;
    Text &operator=(const Text &) = delete;
    char *data = nullptr;
};

EngineOptions OptionsFrom(JNIEnv *env, jintArray numbers) {
    jint values[6];
    env->GetIntArrayRegion(numbers, 0, 6, values);
    return {static_cast<uint32_t>(values[0]), static_cast<uint32_t>(values[1]), static_cast<uint32_t>(values[2]),
            static_cast<uint32_t>(values[3]), static_cast<uint32_t>(values[4]), static_cast<uint32_t>(values[5])};
}

/* ---- once ---- */

jstring JNICALL Shim_version(JNIEnv *env, jclass) {
    return env->NewStringUTF(FILTERPORT_VERSION);
}

jstring JNICALL Shim_bind(JNIEnv *env, jclass) {
    const char *failure = FltlibBind();
    return failure == nullptr ? nullptr : env->NewStringUTF(failure);
}

void JNICALL Shim_layout(JNIEnv *env, jclass, jintArray out) {
    const jint values[] = {
        kEngineHeaderOffset,
        static_cast<jint>(sizeof(FILTER_MESSAGE_HEADER)),
        static_cast<jint>(offsetof(FILTER_MESSAGE_HEADER, ReplyLength)),
        static_cast<jint>(offsetof(FILTER_MESSAGE_HEADER, MessageId)),
        static_cast<jint>(sizeof(FILTER_REPLY_HEADER)),
        static_cast<jint>(kBatchLimit),
    };
    env->SetIntArrayRegion(out, 0, sizeof values / sizeof values[0], values);
}

/* ---- connection ---- */

jint JNICALL Shim_connect(JNIEnv *env, jclass, jcharArray name, jbyteArray context, jbyteArray manager,
                          jlongArray out) {
    Text path(env, manager);
    Text bytes(env, context);
    jsize length = env->GetArrayLength(context);
    if (length > 0xFFFF) {
        return HRESULT_FROM_WIN32(ERROR_ARITHMETIC_OVERFLOW); /* wSizeOfContext cannot say it */
    }
    jchar *chars = env->GetCharArrayElements(name, nullptr);
    if (chars == nullptr || bytes.data == nullptr || (manager != nullptr && path.data == nullptr)) {
        return E_OUTOFMEMORY;
    }
    HANDLE port = INVALID_HANDLE_VALUE;
    HRESULT result = FltlibConnect(path.data, reinterpret_cast<LPCWSTR>(chars), length == 0 ? nullptr : bytes.data,
                                   static_cast<WORD>(length), &port);
    env->ReleaseCharArrayElements(name, chars, JNI_ABORT);
    jlong handle = HandleOf(port);
    env->SetLongArrayRegion(out, 0, 1, &handle);
    return result;
}

jlong JNICALL Shim_send(JNIEnv *env, jclass, jlong port, jobject in, jint in_offset, jint in_length, jobject out,
                        jint out_offset, jint out_length) {
    char *from = static_cast<char *>(env->GetDirectBufferAddress(in)) + in_offset;
    char *to = out == nullptr ? nullptr : static_cast<char *>(env->GetDirectBufferAddress(out)) + out_offset;
    DWORD returned = 0;
    HRESULT result = fltlib.FilterSendMessage(At<void>(port), from, static_cast<DWORD>(in_length), to,
                                              static_cast<DWORD>(out_length), &returned);
    return FAILED(result) ? static_cast<jlong>(result) : static_cast<jlong>(returned);
}

jboolean JNICALL Shim_closePort(JNIEnv *, jclass, jlong port) {
    return fltlib.CloseHandle(At<void>(port)) ? JNI_TRUE : JNI_FALSE;
}

/* ---- arena and engine ---- */

void JNICALL Shim_engineLayout(JNIEnv *env, jclass, jintArray options, jlongArray out) {
    EngineLayout layout = EngineLayoutFor(OptionsFrom(env, options));
    const jlong values[] = {static_cast<jlong>(layout.size),
                            layout.slot_stride,
                            layout.slot_reply,
                            layout.large_slot,
                            layout.large_reply,
                            layout.batch,
                            layout.batch_stride};
    env->SetLongArrayRegion(out, 0, sizeof values / sizeof values[0], values);
}

jint JNICALL Shim_arenaAllocate(JNIEnv *env, jclass, jlong port, jlong size, jlongArray out) {
    void *address = nullptr;
    bool pinned = false;
    HRESULT result = ArenaAllocate(At<void>(port), static_cast<SIZE_T>(size), &address, &pinned);
    const jlong values[] = {HandleOf(address), pinned ? 1 : 0};
    env->SetLongArrayRegion(out, 0, 2, values);
    return result;
}

jobject JNICALL Shim_arenaBuffer(JNIEnv *env, jclass, jlong address, jlong size) {
    return env->NewDirectByteBuffer(At<void>(address), size);
}

void JNICALL Shim_arenaFree(JNIEnv *, jclass, jlong address) {
    ArenaFree(At<void>(address));
}

jint JNICALL Shim_engineCreate(JNIEnv *env, jclass, jlong port, jlong arena, jintArray options, jlongArray out) {
    Engine *engine = nullptr;
    HRESULT result = Engine::Create(At<void>(port), At<void>(arena), OptionsFrom(env, options), &engine);
    jlong handle = HandleOf(engine);
    env->SetLongArrayRegion(out, 0, 1, &handle);
    return result;
}

jint JNICALL Shim_poll(JNIEnv *, jclass, jlong engine, jint reader, jint rearm, jint limit, jlong timeout) {
    return At<Engine>(engine)->Poll(static_cast<uint32_t>(reader), rearm, limit, timeout);
}

jint JNICALL Shim_reply(JNIEnv *, jclass, jlong engine, jint slot, jint status, jint length) {
    return At<Engine>(engine)->Reply(static_cast<uint32_t>(slot), status, static_cast<uint32_t>(length));
}

void JNICALL Shim_rearm(JNIEnv *, jclass, jlong engine, jint slot) {
    At<Engine>(engine)->Rearm(static_cast<uint32_t>(slot));
}

void JNICALL Shim_wakeup(JNIEnv *, jclass, jlong engine, jint reader) {
    At<Engine>(engine)->Wakeup(static_cast<uint32_t>(reader));
}

void JNICALL Shim_interrupt(JNIEnv *, jclass, jlong engine) {
    At<Engine>(engine)->Interrupt();
}

jlong JNICALL Shim_stop(JNIEnv *, jclass, jlong engine, jlong timeout, jboolean cancel) {
    uint32_t pending = 0;
    int messages = At<Engine>(engine)->Stop(timeout, cancel != JNI_FALSE, &pending);
    return static_cast<jlong>(pending) << 32 | messages;
}

jint JNICALL Shim_lastError(JNIEnv *, jclass, jlong engine) {
    return At<Engine>(engine)->LastError();
}

jlong JNICALL Shim_oversize(JNIEnv *, jclass, jlong engine) {
    return static_cast<jlong>(At<Engine>(engine)->Oversize());
}

void JNICALL Shim_engineDestroy(JNIEnv *, jclass, jlong engine) {
    At<Engine>(engine)->Destroy();
}

template <typename Function>
JNINativeMethod Method(const char *name, const char *signature, Function *function) {
    return {const_cast<char *>(name), const_cast<char *>(signature), reinterpret_cast<void *>(function)};
}

const JNINativeMethod kMethods[] = {
    Method("version", "()Ljava/lang/String;", Shim_version),
    Method("bind", "()Ljava/lang/String;", Shim_bind),
    Method("layout", "([I)V", Shim_layout),
    Method("connect", "([C[B[B[J)I", Shim_connect),
    Method("send", "(JLjava/nio/ByteBuffer;IILjava/nio/ByteBuffer;II)J", Shim_send),
    Method("closePort", "(J)Z", Shim_closePort),
    Method("engineLayout", "([I[J)V", Shim_engineLayout),
    Method("arenaAllocate", "(JJ[J)I", Shim_arenaAllocate),
    Method("arenaBuffer", "(JJ)Ljava/nio/ByteBuffer;", Shim_arenaBuffer),
    Method("arenaFree", "(J)V", Shim_arenaFree),
    Method("engineCreate", "(JJ[I[J)I", Shim_engineCreate),
    Method("poll", "(JIIIJ)I", Shim_poll),
    Method("reply", "(JIII)I", Shim_reply),
    Method("rearm", "(JI)V", Shim_rearm),
    Method("wakeup", "(JI)V", Shim_wakeup),
    Method("interrupt", "(J)V", Shim_interrupt),
    Method("stop", "(JJZ)J", Shim_stop),
    Method("lastError", "(J)I", Shim_lastError),
    Method("oversize", "(J)J", Shim_oversize),
    Method("engineDestroy", "(J)V", Shim_engineDestroy),
};

} // namespace
} // namespace filterport

extern "C" JNIEXPORT jint JNICALL JNI_OnLoad(JavaVM *vm, void *) {
    JNIEnv *env = nullptr;
    if (vm->GetEnv(reinterpret_cast<void **>(&env), JNI_VERSION_1_8) != JNI_OK) {
        return JNI_ERR;
    }
    jclass shim = env->FindClass("io/github/filterport/Shim");
    if (shim == nullptr) {
        return JNI_ERR;
    }
    jint result = env->RegisterNatives(shim, filterport::kMethods,
                                       static_cast<jint>(sizeof filterport::kMethods / sizeof filterport::kMethods[0]));
    env->DeleteLocalRef(shim);
    if (result == JNI_OK) {
        result = filterport::RegisterServiceNatives(env);
    }
    if (result == JNI_OK) {
        result = filterport::RegisterViewNatives(env);
    }
    return result == JNI_OK ? JNI_VERSION_1_8 : JNI_ERR;
}

extern "C" JNIEXPORT void JNICALL JNI_OnUnload(JavaVM *, void *) {}
