/* SPDX-License-Identifier: Apache-2.0 */
#include "entry_view.h"

#include <stdint.h>

#include "fltlib.h"

namespace filterport {
namespace {

void *At(jlong address) {
    return reinterpret_cast<void *>(static_cast<uintptr_t>(address));
}

/** The address is a driver's word: it is believed only if the system says the same. */
bool IsView(void *address, SIZE_T length, bool writable) {
    MEMORY_BASIC_INFORMATION memory;
    if (fltlib.VirtualQuery(address, &memory, sizeof memory) == 0) {
        return false;
    }
    return memory.State == MEM_COMMIT && memory.Type == MEM_MAPPED && memory.AllocationBase == address &&
           memory.RegionSize >= length &&
           (memory.Protect == PAGE_READWRITE || (!writable && memory.Protect == PAGE_READONLY));
}

jobject JNICALL View_buffer(JNIEnv *env, jclass, jlong address, jlong length, jboolean writable) {
    if (length <= 0 || !IsView(At(address), static_cast<SIZE_T>(length), writable != JNI_FALSE)) {
        return nullptr;
    }
    return env->NewDirectByteBuffer(At(address), length);
}

void JNICALL View_unmap(JNIEnv *, jclass, jlong address) {
    fltlib.UnmapViewOfFile(At(address));
}

template <typename Function>
JNINativeMethod Method(const char *name, const char *signature, Function *function) {
    return {const_cast<char *>(name), const_cast<char *>(signature), reinterpret_cast<void *>(function)};
}

const JNINativeMethod kMethods[] = {
    Method("buffer", "(JJZ)Ljava/nio/ByteBuffer;", View_buffer),
    Method("unmap", "(J)V", View_unmap),
};

} // namespace

jint RegisterViewNatives(JNIEnv *env) {
    jclass shim = env->FindClass("io/github/filterport/ViewShim");
    if (shim == nullptr) {
        return JNI_ERR;
    }
    jint result = env->RegisterNatives(shim, kMethods, static_cast<jint>(sizeof kMethods / sizeof kMethods[0]));
    env->DeleteLocalRef(shim);
    return result;
}

} // namespace filterport
