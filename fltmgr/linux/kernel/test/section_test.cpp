// SPDX-License-Identifier: Apache-2.0
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fltKernel.h>
#include <gtest/gtest.h>
#include <string>
#include <sys/mman.h>
#include <unistd.h>

extern "C" {
#include "../../host/client_memory.h"
#include "../../host/requestor.h"
#include "../process.h"
}

namespace {

constexpr SIZE_T kLength = 3 * 4096;

/** A client in this very process: it keeps the descriptor as a hostile one would, and maps as a decent one does. */
struct Client {
    fm_client_memory memory;
    int descriptor = -1;
    NTSTATUS refusal = STATUS_SUCCESS;
    void *base = MAP_FAILED;
    uint64_t length = 0;
    int unmapped = 0;

    static int32_t map(fm_client_memory *memory, int passed, uint64_t length, bool writable, uint64_t *address) {
        auto *self = reinterpret_cast<Client *>(memory);
        if (self->refusal != STATUS_SUCCESS) {
            return self->refusal;
        }
        self->drop();
        self->descriptor = dup(passed);
        self->length = length;
        self->base = mmap(nullptr, length, PROT_READ | (writable ? PROT_WRITE : 0), MAP_SHARED, passed, 0);
        *address = reinterpret_cast<uint64_t>(self->base);
        return self->base == MAP_FAILED ? STATUS_INSUFFICIENT_RESOURCES : STATUS_SUCCESS;
    }
    static int32_t unmap(fm_client_memory *memory, uint64_t) {
        reinterpret_cast<Client *>(memory)->unmapped++;
        return STATUS_SUCCESS;
    }
    void drop() {
        if (base != MAP_FAILED) {
            munmap(base, length);
            base = MAP_FAILED;
        }
        if (descriptor >= 0) {
            close(descriptor);
            descriptor = -1;
        }
    }
};

class Section : public testing::Test {
  protected:
    void SetUp() override {
        fm_requestors_init();
        identity_ = fm_identity_of_user(getppid(), 0, 0);
        ASSERT_NE(identity_, nullptr);
        client_.memory = {identity_->requestor.process, Client::map, Client::unmap};
        CLIENT_ID id = {PsGetProcessId(static_cast<PEPROCESS>(identity_->requestor.process)), nullptr};
        ASSERT_EQ(ZwOpenProcess(&process_, PROCESS_VM_OPERATION, nullptr, &id), STATUS_SUCCESS);
        ASSERT_EQ(create(kLength, &section_), STATUS_SUCCESS);
    }
    void TearDown() override {
        fm_offer_client_memory(nullptr);
        client_.drop();
        EXPECT_EQ(ZwClose(section_), STATUS_SUCCESS);
        EXPECT_EQ(ZwClose(process_), STATUS_SUCCESS);
        fm_identity_release(identity_);
        fm_requestors_fini();
    }

    static NTSTATUS create(LONGLONG length, HANDLE *section, ULONG protection = PAGE_READWRITE) {
        LARGE_INTEGER size;
        size.QuadPart = length;
        return ZwCreateSection(section, SECTION_ALL_ACCESS, nullptr, &size, protection, SEC_COMMIT, nullptr);
    }
    char *systemView(SIZE_T length = 0) {
        void *object = nullptr;
        void *view = nullptr;
        EXPECT_EQ(ObReferenceObjectByHandle(section_, SECTION_ALL_ACCESS, nullptr, KernelMode, &object, nullptr),
                  STATUS_SUCCESS);
        EXPECT_EQ(MmMapViewInSystemSpace(object, &view, &length), STATUS_SUCCESS);
        ObDereferenceObject(object);
        return static_cast<char *>(view);
    }
    NTSTATUS mapIntoClient(ULONG protection, void **base) {
        SIZE_T length = 0;
        *base = nullptr;
        return ZwMapViewOfSection(section_, process_, base, 0, 0, nullptr, &length, ViewUnmap, 0, protection);
    }

    Client client_;
    fm_identity *identity_ = nullptr;
    HANDLE process_ = nullptr;
    HANDLE section_ = nullptr;
};

TEST_F(Section, systemViewsAreOneMemory) {
    char *one = systemView();
    char *two = systemView(4096);
    std::strcpy(one + 4000, "seen");
    EXPECT_STREQ(two + 4000, "seen");
    EXPECT_EQ(MmUnmapViewInSystemSpace(one), STATUS_SUCCESS);
    EXPECT_EQ(MmUnmapViewInSystemSpace(one), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(MmUnmapViewInSystemSpace(two), STATUS_SUCCESS);
}

TEST_F(Section, viewsOutliveTheHandle) {
    HANDLE other = nullptr;
    ASSERT_EQ(create(4096, &other), STATUS_SUCCESS);
    std::swap(other, section_);
    char *view = systemView();
    std::swap(other, section_);
    EXPECT_EQ(ZwClose(other), STATUS_SUCCESS);
    view[0] = 1;
    EXPECT_EQ(MmUnmapViewInSystemSpace(view), STATUS_SUCCESS);
}

TEST_F(Section, aClientsReadOnlyViewCannotBeMadeWritableByAnything) {
    char *view = systemView();
    void *base = nullptr;
    fm_offer_client_memory(&client_.memory);
    ASSERT_EQ(mapIntoClient(PAGE_READONLY, &base), STATUS_SUCCESS);
    ASSERT_EQ(base, client_.base);
    std::strcpy(view, "the driver goes on writing");
    EXPECT_STREQ(static_cast<char *>(base), "the driver goes on writing");

    EXPECT_EQ(mprotect(base, kLength, PROT_READ | PROT_WRITE), -1);
    EXPECT_EQ(mmap(nullptr, kLength, PROT_READ | PROT_WRITE, MAP_SHARED, client_.descriptor, 0), MAP_FAILED);
    EXPECT_EQ(pwrite(client_.descriptor, "x", 1, 0), -1);
    EXPECT_EQ(ftruncate(client_.descriptor, 0), -1);
    EXPECT_EQ(ftruncate(client_.descriptor, 1 << 20), -1);
    EXPECT_EQ(fallocate(client_.descriptor, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096), -1);
    EXPECT_EQ(madvise(base, 4096, MADV_REMOVE), -1);
    EXPECT_EQ(fcntl(client_.descriptor, F_ADD_SEALS, F_SEAL_WRITE), -1);
    std::string path = "/proc/self/fd/" + std::to_string(client_.descriptor);
    int again = open(path.c_str(), O_RDWR | O_CLOEXEC);
    if (again >= 0) {
        EXPECT_EQ(mmap(nullptr, kLength, PROT_READ | PROT_WRITE, MAP_SHARED, again, 0), MAP_FAILED);
        EXPECT_EQ(pwrite(again, "x", 1, 0), -1);
        close(again);
    }
    EXPECT_STREQ(view, "the driver goes on writing");
    EXPECT_EQ(MmUnmapViewInSystemSpace(view), STATUS_SUCCESS);
}

TEST_F(Section, aClientsWritableViewIsSharedAndCannotBeShrunk) {
    char *view = systemView();
    void *base = nullptr;
    fm_offer_client_memory(&client_.memory);
    ASSERT_EQ(mapIntoClient(PAGE_READWRITE, &base), STATUS_SUCCESS);
    std::strcpy(static_cast<char *>(base), "from the client");
    EXPECT_STREQ(view, "from the client");
    EXPECT_EQ(ftruncate(client_.descriptor, 0), -1);
    EXPECT_EQ(fallocate(client_.descriptor, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096), 0);
    EXPECT_EQ(view[0], 0) << "a hole reads as zeroes, and does not fault";
    EXPECT_EQ(mapIntoClient(PAGE_READONLY, &base), STATUS_ACCESS_DENIED) << "somebody can write it already";
    EXPECT_EQ(MmUnmapViewInSystemSpace(view), STATUS_SUCCESS);
}

TEST_F(Section, afterAReadOnlyViewNobodyGetsAWritableOne) {
    void *base = nullptr;
    fm_offer_client_memory(&client_.memory);
    ASSERT_EQ(mapIntoClient(PAGE_READONLY, &base), STATUS_SUCCESS);
    EXPECT_EQ(mapIntoClient(PAGE_READWRITE, &base), STATUS_ACCESS_DENIED);
    ASSERT_EQ(mapIntoClient(PAGE_READONLY, &base), STATUS_SUCCESS) << "the next reader's";
}

TEST_F(Section, isMappedOnlyIntoTheClientThatIsBeingServed) {
    void *base = nullptr;
    EXPECT_EQ(mapIntoClient(PAGE_READONLY, &base), STATUS_NOT_SUPPORTED);
    EXPECT_EQ(ZwUnmapViewOfSection(process_, nullptr), STATUS_NOT_SUPPORTED);
    fm_offer_client_memory(&client_.memory);
    client_.refusal = STATUS_PORT_DISCONNECTED;
    EXPECT_EQ(mapIntoClient(PAGE_READONLY, &base), STATUS_PORT_DISCONNECTED);
    client_.refusal = STATUS_SUCCESS;
    EXPECT_EQ(mapIntoClient(PAGE_READONLY, &base), STATUS_SUCCESS);
    EXPECT_EQ(ZwUnmapViewOfSection(process_, base), STATUS_SUCCESS);
    EXPECT_EQ(client_.unmapped, 1);
}

TEST_F(Section, theCurrentProcessOfASystemThreadIsTheSystem) {
    void *base = nullptr;
    SIZE_T length = 0;
    EXPECT_EQ(
        ZwMapViewOfSection(section_, NtCurrentProcess(), &base, 0, 0, nullptr, &length, ViewUnmap, 0, PAGE_READWRITE),
        STATUS_SUCCESS);
    EXPECT_EQ(length, kLength);
    static_cast<char *>(base)[kLength - 1] = 1;
    EXPECT_EQ(ZwUnmapViewOfSection(NtCurrentProcess(), base), STATUS_SUCCESS);
}

TEST_F(Section, badParametersAreRefused) {
    HANDLE other = nullptr;
    LARGE_INTEGER size;
    size.QuadPart = 4096;
    EXPECT_EQ(create(0, &other), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(create(-1, &other), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(create(4096, &other, PAGE_EXECUTE_READ), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(ZwCreateSection(&other, SECTION_ALL_ACCESS, nullptr, &size, PAGE_READWRITE, SEC_COMMIT, section_),
              STATUS_NOT_SUPPORTED);
    EXPECT_EQ(other, nullptr);

    void *base = nullptr;
    SIZE_T length = kLength + 1;
    EXPECT_EQ(
        ZwMapViewOfSection(section_, NtCurrentProcess(), &base, 0, 0, nullptr, &length, ViewUnmap, 0, PAGE_READWRITE),
        STATUS_INVALID_PARAMETER);
    length = 0;
    EXPECT_EQ(
        ZwMapViewOfSection(process_, NtCurrentProcess(), &base, 0, 0, nullptr, &length, ViewUnmap, 0, PAGE_READWRITE),
        STATUS_OBJECT_TYPE_MISMATCH);
    EXPECT_EQ(ZwMapViewOfSection(section_, section_, &base, 0, 0, nullptr, &length, ViewUnmap, 0, PAGE_READWRITE),
              STATUS_INVALID_HANDLE);
    EXPECT_EQ(
        ZwMapViewOfSection(nullptr, NtCurrentProcess(), &base, 0, 0, nullptr, &length, ViewUnmap, 0, PAGE_READWRITE),
        STATUS_INVALID_HANDLE);
    CLIENT_ID nobody = {reinterpret_cast<HANDLE>(0x3FFFFFFF), nullptr};
    EXPECT_EQ(ZwOpenProcess(&other, PROCESS_VM_OPERATION, nullptr, &nobody), STATUS_INVALID_CID);
}

} // namespace
