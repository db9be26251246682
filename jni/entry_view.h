/* SPDX-License-Identifier: Apache-2.0 */
/** What Java calls about memory that a driver has mapped into this process: the twins of ViewShim.java. */
#ifndef FILTERPORT_JNI_ENTRY_VIEW_H
#define FILTERPORT_JNI_ENTRY_VIEW_H

#include <jni.h>

namespace filterport {

/** Registers them; JNI_OK, or an error with a Java exception pending. */
jint RegisterViewNatives(JNIEnv *env);

} // namespace filterport

#endif
