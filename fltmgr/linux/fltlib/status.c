/* SPDX-License-Identifier: Apache-2.0 */
#include "internal.h"

static const struct {
    uint32_t status;
    DWORD error;
} translations[] = {
    /* sorted by status */
    {0x00000000, ERROR_SUCCESS},
    {0x00000102, ERROR_TIMEOUT},
    {0x00000103, ERROR_IO_PENDING},
    {0x80000002, ERROR_NOACCESS},                /* DATATYPE_MISALIGNMENT */
    {0x80000005, ERROR_MORE_DATA},               /* BUFFER_OVERFLOW */
    {0x80000006, 18},                            /* NO_MORE_FILES */
    {0x80000011, ERROR_BUSY},                    /* DEVICE_BUSY */
    {0x8000001A, ERROR_NO_MORE_ITEMS},           /* NO_MORE_ENTRIES */
    {0xC0000001, ERROR_GEN_FAILURE},             /* UNSUCCESSFUL */
    {0xC0000002, ERROR_INVALID_FUNCTION},        /* NOT_IMPLEMENTED */
    {0xC0000003, ERROR_INVALID_PARAMETER},       /* INVALID_INFO_CLASS */
    {0xC0000004, 24},                            /* INFO_LENGTH_MISMATCH */
    {0xC0000005, ERROR_NOACCESS},                /* ACCESS_VIOLATION */
    {0xC0000008, ERROR_INVALID_HANDLE},          /* INVALID_HANDLE */
    {0xC000000D, ERROR_INVALID_PARAMETER},       /* INVALID_PARAMETER */
    {0xC000000E, ERROR_FILE_NOT_FOUND},          /* NO_SUCH_DEVICE */
    {0xC000000F, ERROR_FILE_NOT_FOUND},          /* NO_SUCH_FILE */
    {0xC0000010, ERROR_INVALID_FUNCTION},        /* INVALID_DEVICE_REQUEST */
    {0xC0000011, 38},                            /* END_OF_FILE */
    {0xC0000017, ERROR_NOT_ENOUGH_MEMORY},       /* NO_MEMORY */
    {0xC0000022, ERROR_ACCESS_DENIED},           /* ACCESS_DENIED */
    {0xC0000023, ERROR_INSUFFICIENT_BUFFER},     /* BUFFER_TOO_SMALL */
    {0xC0000024, ERROR_INVALID_HANDLE},          /* OBJECT_TYPE_MISMATCH */
    {0xC0000033, ERROR_INVALID_NAME},            /* OBJECT_NAME_INVALID */
    {0xC0000034, ERROR_FILE_NOT_FOUND},          /* OBJECT_NAME_NOT_FOUND */
    {0xC0000035, ERROR_ALREADY_EXISTS},          /* OBJECT_NAME_COLLISION */
    {0xC0000037, ERROR_INVALID_HANDLE},          /* PORT_DISCONNECTED */
    {0xC0000039, ERROR_BAD_PATHNAME},            /* OBJECT_PATH_INVALID */
    {0xC000003A, ERROR_PATH_NOT_FOUND},          /* OBJECT_PATH_NOT_FOUND */
    {0xC000003B, ERROR_BAD_PATHNAME},            /* OBJECT_PATH_SYNTAX_BAD */
    {0xC0000043, 32},                            /* SHARING_VIOLATION */
    {0xC0000044, 1816},                          /* QUOTA_EXCEEDED */
    {0xC000004B, ERROR_ACCESS_DENIED},           /* THREAD_IS_TERMINATING */
    {0xC0000058, 1305},                          /* UNKNOWN_REVISION */
    {0xC0000059, 1306},                          /* REVISION_MISMATCH */
    {0xC0000061, ERROR_PRIVILEGE_NOT_HELD},      /* PRIVILEGE_NOT_HELD */
    {0xC0000077, 1336},                          /* INVALID_ACL */
    {0xC0000078, 1337},                          /* INVALID_SID */
    {0xC0000079, 1338},                          /* INVALID_SECURITY_DESCR */
    {0xC000007B, 193},                           /* INVALID_IMAGE_FORMAT */
    {0xC0000095, ERROR_ARITHMETIC_OVERFLOW},     /* INTEGER_OVERFLOW */
    {0xC000009A, ERROR_NO_SYSTEM_RESOURCES},     /* INSUFFICIENT_RESOURCES */
    {0xC00000A2, 19},                            /* MEDIA_WRITE_PROTECTED */
    {0xC00000A3, ERROR_NOT_READY},               /* DEVICE_NOT_READY */
    {0xC00000B5, ERROR_SEM_TIMEOUT},             /* IO_TIMEOUT */
    {0xC00000BB, ERROR_NOT_SUPPORTED},           /* NOT_SUPPORTED */
    {0xC00000E5, 1359},                          /* INTERNAL_ERROR */
    {0xC00000E8, 1784},                          /* INVALID_USER_BUFFER */
    {0xC00000EF, ERROR_INVALID_PARAMETER},       /* INVALID_PARAMETER_1 */
    {0xC00000F0, ERROR_INVALID_PARAMETER},       /* INVALID_PARAMETER_2 */
    {0xC00000F1, ERROR_INVALID_PARAMETER},       /* INVALID_PARAMETER_3 */
    {0xC0000103, 267},                           /* NOT_A_DIRECTORY */
    {0xC0000106, ERROR_FILENAME_EXCED_RANGE},    /* NAME_TOO_LONG */
    {0xC000010A, ERROR_ACCESS_DENIED},           /* PROCESS_IS_TERMINATING */
    {0xC000010E, ERROR_SERVICE_ALREADY_RUNNING}, /* IMAGE_ALREADY_LOADED */
    {0xC000011F, ERROR_TOO_MANY_OPEN_FILES},     /* TOO_MANY_OPENED_FILES */
    {0xC0000120, ERROR_OPERATION_ABORTED},       /* CANCELLED */
    {0xC0000121, ERROR_ACCESS_DENIED},           /* CANNOT_DELETE */
    {0xC0000123, ERROR_ACCESS_DENIED},           /* FILE_DELETED */
    {0xC0000128, ERROR_INVALID_HANDLE},          /* FILE_CLOSED */
    {0xC0000184, 22},                            /* INVALID_DEVICE_STATE */
    {0xC0000185, 1117},                          /* IO_DEVICE_ERROR */
    {0xC0000206, 1784},                          /* INVALID_BUFFER_SIZE */
    {0xC0000225, ERROR_NOT_FOUND},               /* NOT_FOUND */
    {0xC000022D, 1237},                          /* RETRY */
    {0xC0000235, ERROR_INVALID_HANDLE},          /* HANDLE_NOT_CLOSABLE */
    {0xC0000240, 1235},                          /* REQUEST_ABORTED */
    {0xC0000246, ERROR_CONNECTION_COUNT_LIMIT},  /* CONNECTION_COUNT_LIMIT */
    {0xC0000263, 182},                           /* DRIVER_ENTRYPOINT_NOT_FOUND */
    {0xC0000906, 225},                           /* VIRUS_INFECTED */
    {0xC0000907, 226},                           /* VIRUS_DELETED */
};

DWORD fl_win32_from_status(NTSTATUS status) {
    uint32_t value = (uint32_t)status;
    size_t low = 0;
    size_t high = ARRAYSIZE(translations);
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (translations[middle].status == value)
            return translations[middle].error;
        if (translations[middle].status < value)
            low = middle + 1;
        else
            high = middle;
    }
    if ((value & 0x20000000u) != 0) /* not Windows' own: passed on as it is */
        return value;
    uint32_t facility = value >> 16;
    if (facility == 0xC001 || facility == 0x8007) /* carries a Win32 code */
        return value & 0xFFFFu;
    return ERROR_MR_MID_NOT_FOUND;
}

HRESULT fl_hresult_from_status(NTSTATUS status) {
    if (status == STATUS_SUCCESS)
        return S_OK;
    if (((uint32_t)status & 0x0FFF0000u) == 0x001C0000u)
        return FILTER_HRESULT_FROM_FLT_NTSTATUS(status);
    return HRESULT_FROM_WIN32(fl_win32_from_status(status));
}
