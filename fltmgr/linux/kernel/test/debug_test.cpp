// SPDX-License-Identifier: Apache-2.0
#include <fltKernel.h>
#include <gtest/gtest.h>

namespace {

template <class... Arguments>
std::string printed(const char *format, Arguments... arguments) {
    testing::internal::CaptureStderr();
    DbgPrint(format, arguments...);
    return testing::internal::GetCapturedStderr();
}

TEST(DbgPrint, understandsTheKernelsFormats) {
    UNICODE_STRING name;
    RtlInitUnicodeString(&name, u"\\Port ä");
    EXPECT_EQ(printed("a %wZ|%d|%08x|%s\n", &name, -5, 0xBEEFu, "text"),
              "fltmgrd: driver: a \\Port ä|-5|0000beef|text\n");
    EXPECT_EQ(printed("%ws|%S|%I64x|%lld|%%|%5u|%-4d|", u"wide", u"wider", 0x123456789abcULL, -7LL, 42u, 7),
              "fltmgrd: driver: wide|wider|123456789abc|-7|%|   42|7   |\n");
    EXPECT_EQ(printed("%p %c %lu", reinterpret_cast<void *>(0x1234), 'x', 9u),
              "fltmgrd: driver: 0000000000001234 x 9\n");
}

TEST(DbgPrint, survivesWhatIsNotThere) {
    EXPECT_EQ(printed("%wZ %s", static_cast<PUNICODE_STRING>(nullptr), static_cast<char *>(nullptr)),
              "fltmgrd: driver: (null) (null)\n");
    EXPECT_EQ(printed("%"), "fltmgrd: driver: %\n");
}

TEST(DbgPrint, cutsWhatIsTooLong) {
    const std::string longest(5000, 'x');
    const std::string line = printed("%s", longest.c_str());
    EXPECT_LT(line.size(), 1100u);
    EXPECT_EQ(line.back(), '\n');
}

TEST(DbgPrintEx, showsErrorsAndWarningsOnly) {
    testing::internal::CaptureStderr();
    DbgPrintEx(DPFLTR_IHVDRIVER_ID, DPFLTR_INFO_LEVEL, "quiet");
    DbgPrintEx(DPFLTR_IHVDRIVER_ID, DPFLTR_ERROR_LEVEL, "loud");
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "fltmgrd: driver: loud\n");
}

} // namespace
