// SPDX-License-Identifier: Apache-2.0
/** Section 8, structures and constants, as far as the port functions use them. */
#include "fixture/conformance_test.h"

#include <cstddef>
#include <cstring>

using namespace conformance;

namespace {

class Structures : public Conformance {};

TEST_F(Structures, STR_01_the_message_header_has_windows_layout) {
    EXPECT_EQ(16u, sizeof(FILTER_MESSAGE_HEADER));
    EXPECT_EQ(8u, alignof(FILTER_MESSAGE_HEADER));
    EXPECT_EQ(0u, offsetof(FILTER_MESSAGE_HEADER, ReplyLength));
    EXPECT_EQ(4u, sizeof(FILTER_MESSAGE_HEADER::ReplyLength));
    EXPECT_EQ(8u, offsetof(FILTER_MESSAGE_HEADER, MessageId));
    EXPECT_EQ(8u, sizeof(FILTER_MESSAGE_HEADER::MessageId));
    EXPECT_EQ(16u, driver().constants().MessageHeaderSize);
}

TEST_F(Structures, STR_01_a_delivered_message_has_that_layout) {
    const Port port = openPort();
    Connection connection = connect(port);
    Receive receive;
    ASSERT_CODE(result::pending, receive.arm(connection.handle()));
    Senders sender = driver().start(connection.client, SendCall().ofLength(5).wantingReply(3));
    const Message message = receive.wait();
    ULONG replyLength = 0;
    ULONGLONG id = 0;
    UCHAR header[16];
    for (ULONG i = 0; i < sizeof header; i++) {
        header[i] = receive.at(i);
    }
    std::memcpy(&replyLength, header, sizeof replyLength);
    std::memcpy(&id, header + 8, sizeof id);
    EXPECT_EQ(19u, replyLength);
    EXPECT_EQ(message.id, id);
    EXPECT_EQ(payloadOf(sender.first(), 5), message.payload);
    EXPECT_CODE(result::ok, connection.reply(message));
}

TEST_F(Structures, STR_02_the_reply_header_has_windows_layout) {
    EXPECT_EQ(16u, sizeof(FILTER_REPLY_HEADER));
    EXPECT_EQ(8u, alignof(FILTER_REPLY_HEADER));
    EXPECT_EQ(0u, offsetof(FILTER_REPLY_HEADER, Status));
    EXPECT_EQ(4u, sizeof(FILTER_REPLY_HEADER::Status));
    EXPECT_EQ(8u, offsetof(FILTER_REPLY_HEADER, MessageId));
    EXPECT_EQ(16u, driver().constants().ReplyHeaderSize);
}

TEST_F(Structures, STR_03_OVERLAPPED_has_windows_layout) {
    EXPECT_EQ(32u, sizeof(OVERLAPPED));
    EXPECT_EQ(0u, offsetof(OVERLAPPED, Internal));
    EXPECT_EQ(8u, offsetof(OVERLAPPED, InternalHigh));
    EXPECT_EQ(16u, offsetof(OVERLAPPED, Pointer));
    EXPECT_EQ(16u, offsetof(OVERLAPPED, Offset));
    EXPECT_EQ(20u, offsetof(OVERLAPPED, OffsetHigh));
    EXPECT_EQ(24u, offsetof(OVERLAPPED, hEvent));
}

TEST_F(Structures, STR_07_names_have_windows_limits) {
    EXPECT_EQ(255, FILTER_NAME_MAX_CHARS);
    EXPECT_EQ(255, INSTANCE_NAME_MAX_CHARS);
    EXPECT_EQ(1024, VOLUME_NAME_MAX_CHARS);
}

TEST_F(Structures, STR_08_file_system_types_have_windows_values) {
    EXPECT_EQ(0, FLT_FSTYPE_UNKNOWN);
    EXPECT_EQ(1, FLT_FSTYPE_RAW);
    EXPECT_EQ(2, FLT_FSTYPE_NTFS);
    EXPECT_EQ(3, FLT_FSTYPE_FAT);
    EXPECT_EQ(5, FLT_FSTYPE_UDFS);
    EXPECT_EQ(9, FLT_FSTYPE_NFS);
    EXPECT_EQ(13, FLT_FSTYPE_MUP);
    EXPECT_EQ(15, FLT_FSTYPE_ROXIO_UDF1);
    EXPECT_EQ(22, FLT_FSTYPE_EXFAT);
    EXPECT_EQ(28, FLT_FSTYPE_REFS);
    EXPECT_EQ(29, FLT_FSTYPE_OPENAFS);
}

TEST_F(Structures, STR_09_the_option_for_a_synchronous_handle_is_one) {
    const Port port = openPort();
    EXPECT_CODE(result::ok, Connection(port.name, 1).result());
}

} // namespace
