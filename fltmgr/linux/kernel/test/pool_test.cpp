// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <fltKernel.h>
#include <gtest/gtest.h>

extern "C" {
#include "../pool.h"
}

namespace {

constexpr ULONG tag = 0x74736554; // 'Test'

TEST(Pool, isZeroedUnlessAskedOtherwise) {
    auto *memory = static_cast<unsigned char *>(ExAllocatePool2(POOL_FLAG_PAGED, 100, tag));
    ASSERT_NE(memory, nullptr);
    for (int i = 0; i < 100; i++) {
        EXPECT_EQ(memory[i], 0);
    }
    ExFreePoolWithTag(memory, tag);
}

TEST(Pool, isAlignedToAPageFromOnePageOn) {
    void *small = ExAllocatePool2(POOL_FLAG_NON_PAGED, 1, tag);
    void *large = ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_UNINITIALIZED, 4096, tag);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(small) % 16, 0u);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(large) % 4096, 0u);
    ExFreePool(small);
    ExFreePoolWithTag(large, tag);
}

TEST(Pool, givesNothingForNothing) {
    EXPECT_EQ(ExAllocatePool2(POOL_FLAG_PAGED, 0, tag), nullptr);
    EXPECT_EQ(ExAllocatePool2(POOL_FLAG_PAGED, 16, 0), nullptr);
    EXPECT_EQ(ExAllocatePool2(POOL_FLAG_PAGED, ~static_cast<SIZE_T>(0), tag), nullptr);
}

TEST(PoolDeathTest, stopsTheHostAtAWrongTagOrASecondFree) {
    testing::FLAGS_gtest_death_test_style = "threadsafe";
    EXPECT_DEATH(ExFreePoolWithTag(ExAllocatePool2(POOL_FLAG_PAGED, 8, tag), tag + 1), "tag is not that");
    EXPECT_DEATH(ExFreePoolWithTag(nullptr, tag), "NULL");
}

TEST(Pool, reportsWhatAnImageLeavesBehind) {
    // This very program poses as a driver's image: its code lies within 64 MiB of its constants, on either side.
    const auto reach = static_cast<uintptr_t>(64) << 20;
    const auto here = reinterpret_cast<uintptr_t>(&tag) - reach;
    ASSERT_TRUE(fm_pool_image_loaded("leaky", here, here + 2 * reach));
    void *kept = ExAllocatePool2(POOL_FLAG_PAGED, 40, tag);
    void *freed = ExAllocatePool2(POOL_FLAG_PAGED, 40, tag + 1);
    ExFreePoolWithTag(freed, tag + 1);
    fm_pool_counters before, after;
    fm_pool_read_counters(&before);
    EXPECT_EQ(fm_pool_image_unloaded(here), 1u);
    fm_pool_read_counters(&after);
    EXPECT_EQ(after.leaks - before.leaks, 1u);
    ExFreePoolWithTag(kept, tag);
}

TEST(Lookaside, allocatesEntriesOfItsSize) {
    alignas(128) NPAGED_LOOKASIDE_LIST list;
    ExInitializeNPagedLookasideList(&list, nullptr, nullptr, 0, 64, tag, 0);
    void *first = ExAllocateFromNPagedLookasideList(&list);
    void *second = ExAllocateFromNPagedLookasideList(&list);
    EXPECT_NE(first, second);
    RtlFillMemory(first, 64, 0xAA);
    ExFreeToNPagedLookasideList(&list, first);
    ExFreeToNPagedLookasideList(&list, second);
    ExDeleteNPagedLookasideList(&list);
}

} // namespace
