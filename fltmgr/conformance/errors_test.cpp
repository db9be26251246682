// SPDX-License-Identifier: Apache-2.0
/** Section 8, errors: how a status of the driver reaches the program. MessageNotify returns each; FilterSendMessage
 * shows it. */
#include "fixture/conformance_test.h"

using namespace conformance;

namespace {

struct Translation {
    ULONG status;
    ULONG result;
};

class Errors : public Conformance {
  protected:
    void expectTranslated(const Translation &row, Connection &connection, const Port &port) {
        driver().onMessage(port, Hook().returning(static_cast<LONG>(row.status)));
        EXPECT_CODE(static_cast<LONG>(row.result), connection.send(pattern(1)).result)
            << "for the status " << hex(row.status);
    }
};

TEST_F(Errors, ERR_01_ERR_02_statuses_are_translated_through_their_Win32_codes) {
    const Translation table[] = {
        {0x00000000, 0x00000000}, {0x80000002, 0x800703E6}, {0x80000005, 0x800700EA}, {0x8000001A, 0x80070103},
        {0xC0000005, 0x800703E6}, {0xC0000008, 0x80070006}, {0xC0000024, 0x80070006}, {0xC0000037, 0x80070006},
        {0xC0000128, 0x80070006}, {0xC000000D, 0x80070057}, {0xC0000010, 0x80070001}, {0xC0000022, 0x80070005},
        {0xC000004B, 0x80070005}, {0xC0000023, 0x8007007A}, {0xC0000033, 0x8007007B}, {0xC0000034, 0x80070002},
        {0xC0000035, 0x800700B7}, {0xC000003A, 0x80070003}, {0xC000003B, 0x800700A1}, {0xC0000061, 0x80070522},
        {0xC0000095, 0x80070216}, {0xC000009A, 0x800705AA}, {0xC00000B5, 0x80070079}, {0xC00000BB, 0x80070032},
        {0xC0000106, 0x800700CE}, {0xC000010E, 0x80070420}, {0xC0000120, 0x800703E3}, {0xC0000246, 0x800704D6},
    };
    const Port port = openPort();
    Connection connection = connect(port);
    for (const Translation &row : table) {
        expectTranslated(row, connection, port);
    }
}

TEST_F(Errors, ERR_01_ERR_03_the_filter_managers_own_codes_keep_their_number) {
    const ULONG numbers[] = {0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0A, 0x0B,
                             0x0C, 0x0D, 0x0E, 0x0F, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16,
                             0x17, 0x18, 0x19, 0x1A, 0x1B, 0x1C, 0x20, 0x23, 0x24};
    const Port port = openPort();
    Connection connection = connect(port);
    for (const ULONG number : numbers) {
        expectTranslated({0xC01C0000 | number, 0x801F0000 | number}, connection, port);
    }
}

TEST_F(Errors, ERR_03_the_headers_name_them) {
    EXPECT_CODE(static_cast<HRESULT>(0x801F0001), ERROR_FLT_NO_HANDLER_DEFINED);
    EXPECT_CODE(static_cast<HRESULT>(0x801F000B), ERROR_FLT_DELETING_OBJECT);
    EXPECT_CODE(static_cast<HRESULT>(0x801F0010), ERROR_FLT_DO_NOT_DETACH);
    EXPECT_CODE(static_cast<HRESULT>(0x801F0013), ERROR_FLT_FILTER_NOT_FOUND);
    EXPECT_CODE(static_cast<HRESULT>(0x801F0020), ERROR_FLT_NO_WAITER_FOR_REPLY);
}

TEST_F(Errors, ERR_04_warnings_and_successes_of_the_filter_manager_keep_their_severity) {
    const Port port = openPort();
    Connection connection = connect(port);
    expectTranslated({0x801C0001, 0x801F0001}, connection, port);
    expectTranslated({0x001C0001, 0x001F0001}, connection, port);
}

} // namespace
