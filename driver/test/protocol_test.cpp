// SPDX-License-Identifier: Apache-2.0

#include "protocol.h"

#include <cstring>
#include <map>
#include <string>

#include <gtest/gtest.h>

namespace {

TEST(Protocol, every_byte_of_every_structure_belongs_to_exactly_one_field) {
    std::map<std::string, size_t> sizes;
    std::map<std::string, size_t> ends;
    auto size = [&](const char *type, size_t bytes) { sizes[type] = bytes; };
    auto field = [&](const char *type, const char *name, size_t offset, size_t bytes) {
        EXPECT_EQ(offset, ends[type]) << type << "." << name << " leaves a gap or overlaps";
        ends[type] = offset + bytes;
    };
#define ADD_SIZE(Type, Bytes) size(#Type, sizeof(Type))
#define ADD_FIELD(Type, Field, Offset, Bytes) field(#Type, #Field, FP_OFFSET(Type, Field), sizeof(Type::Field))
    FP_LAYOUT(ADD_SIZE, ADD_FIELD);
    EXPECT_EQ(sizes, ends);
    EXPECT_EQ(sizes.size(), 9u);
}

TEST(Protocol, magics_read_as_text_in_memory_order) {
    const FP_U32 event = FP_MAGIC;
    const FP_U32 verdict = FP_VERDICT_MAGIC;
    EXPECT_EQ(std::memcmp(&event, "FPRT", 4), 0);
    EXPECT_EQ(std::memcmp(&verdict, "FPVD", 4), 0);
}

TEST(Protocol, the_longest_event_holds_the_longest_path_and_the_most_content) {
    EXPECT_EQ(FP_MAX_EVENT_BYTES, sizeof(FP_EVENT) + ((FP_MAX_PATH_BYTES + 7u) & ~7u) + FP_MAX_CONTENT_BYTES);
}

} // namespace
