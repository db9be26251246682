// SPDX-License-Identifier: Apache-2.0
#include "test_driver.h"

namespace {

int compare(const std::u16string &left, const std::u16string &right) {
    UNICODE_STRING a = unicode(left), b = unicode(right);
    const int order = fm_altitude_compare(&a, &b);
    EXPECT_EQ(fm_altitude_compare(&b, &a), -order);
    return order;
}

bool valid(const std::u16string &text) {
    UNICODE_STRING string = unicode(text);
    return fm_altitude_valid(&string);
}

} // namespace

TEST(Altitude, MGMT_17_altitudes_compare_as_numbers) {
    EXPECT_GT(compare(u"03333", u"100.123456"), 0);
    EXPECT_LT(compare(u"9", u"10"), 0);
    EXPECT_GT(compare(u"320000.5", u"320000.49"), 0);
    EXPECT_LT(compare(u"320000", u"320000.01"), 0);
}

TEST(Altitude, MGMT_17_leading_zeros_and_zeros_at_the_end_of_the_fraction_do_not_count) {
    EXPECT_EQ(compare(u"0010", u"10"), 0);
    EXPECT_EQ(compare(u"10.100", u"10.1"), 0);
    EXPECT_EQ(compare(u"10.", u"10"), 0);
    EXPECT_EQ(compare(u"0.5", u".5"), 0);
    EXPECT_EQ(compare(u"0", u"000.000"), 0);
}

TEST(Altitude, MGMT_17_precision_is_unlimited) {
    const std::u16string digits(300, u'7');
    EXPECT_GT(compare(digits + u"8", digits + u"7"), 0);
    EXPECT_GT(compare(u"1." + digits + u"1", u"1." + digits), 0);
}

TEST(Altitude, MGMT_17_other_forms_are_refused) {
    for (const char16_t *text : {u"", u".", u"1.2.3", u"-1", u"+1", u"1e5", u"12 ", u"0x10"}) {
        EXPECT_FALSE(valid(text));
    }
    EXPECT_TRUE(valid(u"389000.0001"));
}
