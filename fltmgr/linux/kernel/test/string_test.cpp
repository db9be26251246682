// SPDX-License-Identifier: Apache-2.0
#include <fltKernel.h>
#include <gtest/gtest.h>
#include <string>

extern "C" {
#include "../utf.h"
}

namespace {

struct Text {
    explicit Text(const char16_t *literal) : text(literal) { RtlInitUnicodeString(&string, text.c_str()); }
    std::u16string text;
    UNICODE_STRING string{};
    operator PUNICODE_STRING() { return &string; }
};

std::u16string value(const UNICODE_STRING &string) {
    return {string.Buffer, string.Length / sizeof(WCHAR)};
}

struct Buffer {
    explicit Buffer(USHORT bytes) { string = {0, bytes, units}; }
    WCHAR units[64] = {};
    UNICODE_STRING string{};
};

bool matches(const char16_t *expression, const char16_t *name, bool ignore_case = true) {
    Text e(expression), n(name);
    return FsRtlIsNameInExpression(e, n, ignore_case, nullptr) != FALSE;
}

TEST(UnicodeString, initCountsBytesWithoutTheZero) {
    Text text(u"abc");
    EXPECT_EQ(text.string.Length, 6);
    EXPECT_EQ(text.string.MaximumLength, 8);
    UNICODE_STRING empty;
    RtlInitUnicodeString(&empty, nullptr);
    EXPECT_EQ(empty.Length, 0);
    EXPECT_EQ(empty.Buffer, nullptr);
}

TEST(UnicodeString, copyIsCutAtTheDestination) {
    Buffer buffer(4);
    RtlCopyUnicodeString(&buffer.string, Text(u"abc"));
    EXPECT_EQ(value(buffer.string), u"ab");
    EXPECT_EQ(buffer.units[2], 0) << "nothing behind it was written";
}

TEST(UnicodeString, appendRefusesWhatDoesNotFitAndChangesNothing) {
    Buffer buffer(8);
    EXPECT_EQ(RtlAppendUnicodeToString(&buffer.string, u"ab"), STATUS_SUCCESS);
    EXPECT_EQ(RtlAppendUnicodeStringToString(&buffer.string, Text(u"cde")), STATUS_BUFFER_TOO_SMALL);
    EXPECT_EQ(value(buffer.string), u"ab");
    EXPECT_EQ(RtlAppendUnicodeStringToString(&buffer.string, Text(u"cd")), STATUS_SUCCESS);
    EXPECT_EQ(value(buffer.string), u"abcd");
}

TEST(UnicodeString, comparesWithAndWithoutCase) {
    EXPECT_TRUE(RtlEqualUnicodeString(Text(u"Prüfung"), Text(u"PRÜFUNG"), TRUE));
    EXPECT_FALSE(RtlEqualUnicodeString(Text(u"Prüfung"), Text(u"PRÜFUNG"), FALSE));
    EXPECT_LT(RtlCompareUnicodeString(Text(u"ab"), Text(u"abc"), FALSE), 0);
    EXPECT_GT(RtlCompareUnicodeString(Text(u"b"), Text(u"abc"), FALSE), 0);
    EXPECT_TRUE(RtlPrefixUnicodeString(Text(u"\\Dev"), Text(u"\\DEVICE"), TRUE));
    EXPECT_FALSE(RtlPrefixUnicodeString(Text(u"abcd"), Text(u"abc"), TRUE));
    EXPECT_TRUE(RtlSuffixUnicodeString(Text(u".EXE"), Text(u"a.exe"), TRUE));
}

TEST(UnicodeString, upcaseMapsSingleUnitsOnly) {
    EXPECT_EQ(RtlUpcaseUnicodeChar(u'a'), u'A');
    EXPECT_EQ(RtlUpcaseUnicodeChar(u'ä'), u'Ä');
    EXPECT_EQ(RtlUpcaseUnicodeChar(u'ß'), u'ß');
    EXPECT_EQ(RtlUpcaseUnicodeChar(0xD83D), 0xD83D);
    EXPECT_EQ(RtlDowncaseUnicodeChar(u'Ж'), u'ж');
}

TEST(UnicodeString, convertsNumbers) {
    Buffer buffer(64);
    EXPECT_EQ(RtlIntegerToUnicodeString(48879, 16, &buffer.string), STATUS_SUCCESS);
    EXPECT_EQ(value(buffer.string), u"BEEF");
    ULONG number = 0;
    EXPECT_EQ(RtlUnicodeStringToInteger(Text(u" 0x1F rest"), 0, &number), STATUS_SUCCESS);
    EXPECT_EQ(number, 31u);
    EXPECT_EQ(RtlUnicodeStringToInteger(Text(u"-5"), 10, &number), STATUS_SUCCESS);
    EXPECT_EQ(number, static_cast<ULONG>(-5));
    EXPECT_EQ(RtlUnicodeStringToInteger(Text(u"1"), 7, &number), STATUS_INVALID_PARAMETER);
}

TEST(UnicodeString, duplicatesAndFrees) {
    UNICODE_STRING copy;
    ASSERT_EQ(RtlDuplicateUnicodeString(RTL_DUPLICATE_UNICODE_STRING_NULL_TERMINATE, Text(u"abc"), &copy),
              STATUS_SUCCESS);
    EXPECT_EQ(value(copy), u"abc");
    EXPECT_EQ(copy.Buffer[3], 0);
    RtlFreeUnicodeString(&copy);
    EXPECT_EQ(copy.Buffer, nullptr);
}

TEST(UnicodeString, goesToBytesAndBack) {
    ANSI_STRING bytes;
    ASSERT_EQ(RtlUnicodeStringToAnsiString(&bytes, Text(u"ä€\U0001F600"), TRUE), STATUS_SUCCESS);
    EXPECT_EQ(std::string(bytes.Buffer, bytes.Length), "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80");
    UNICODE_STRING wide;
    ASSERT_EQ(RtlAnsiStringToUnicodeString(&wide, &bytes, TRUE), STATUS_SUCCESS);
    EXPECT_EQ(value(wide), u"ä€\U0001F600");
    RtlFreeUnicodeString(&wide);
    ExFreePool(bytes.Buffer);
}

TEST(Utf, keepsBytesThatAreNoUtf8) {
    const std::string name = "a\xff\xc3(\xed\xa0\x80z";
    uint16_t wide[32];
    const size_t count = fm_utf8_to_utf16(name.data(), name.size(), wide, 32);
    char back[64];
    const size_t length = fm_utf16_to_utf8(wide, count, back, sizeof(back));
    EXPECT_EQ(std::string(back, length), name);
}

TEST(Utf, writesNoPartOfACharacterAndSaysTheWholeLength) {
    uint16_t wide[1] = {7};
    EXPECT_EQ(fm_utf8_to_utf16("\xf0\x9f\x98\x80", 4, wide, 1), 2u);
    EXPECT_EQ(wide[0], 7);
    char bytes[2] = {'x', 'x'};
    const uint16_t euro[] = {0x20ac};
    EXPECT_EQ(fm_utf16_to_utf8(euro, 1, bytes, 2), 3u);
    EXPECT_EQ(bytes[0], 'x');
}

TEST(NameInExpression, knowsStarsAndQuestionMarks) {
    EXPECT_TRUE(matches(u"*", u"anything"));
    EXPECT_TRUE(matches(u"*.EXE", u"a.exe"));
    EXPECT_FALSE(matches(u"*.EXE", u"a.exe", false));
    EXPECT_TRUE(matches(u"A*C*E", u"abcde"));
    EXPECT_FALSE(matches(u"A*C*F", u"abcde"));
    EXPECT_TRUE(matches(u"?B", u"ab"));
    EXPECT_FALSE(matches(u"?", u"ab"));
    EXPECT_TRUE(matches(u"*A*A*B", u"aaaaaaaaaaaaaaaaaaab"));
}

TEST(NameInExpression, knowsTheDosForms) {
    EXPECT_TRUE(matches(u"<.TXT", u"a.b.txt"));
    EXPECT_TRUE(matches(u"A>>", u"a"));
    EXPECT_FALSE(matches(u"A>>", u"abcd"));
    EXPECT_TRUE(matches(u"A\"", u"a"));
    EXPECT_TRUE(matches(u"A\"B", u"a.b"));
}

} // namespace
