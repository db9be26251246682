/* SPDX-License-Identifier: Apache-2.0 */
/** What Java calls about services: the twins of ServiceShim.java. */
#ifndef FILTERPORT_JNI_ENTRY_SERVICE_H
#define FILTERPORT_JNI_ENTRY_SERVICE_H

#include <jni.h>

namespace filterport {

/** Registers them; JNI_OK, or an error with a Java exception pending. */
jint RegisterServiceNatives(JNIEnv *env);

} // namespace filterport

#endif
