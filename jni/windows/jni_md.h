/* SPDX-License-Identifier: Apache-2.0 */
/** What jni.h asks of a platform, for Windows: so that any JDK's jni.h serves to build for it. */
#ifndef FILTERPORT_JNI_WINDOWS_JNI_MD_H
#define FILTERPORT_JNI_WINDOWS_JNI_MD_H

#define JNIEXPORT __declspec(dllexport)
#define JNIIMPORT __declspec(dllimport)
#define JNICALL __stdcall

typedef long jint;
typedef long long jlong;
typedef signed char jbyte;

#endif
