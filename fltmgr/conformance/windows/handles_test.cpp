// SPDX-License-Identifier: Apache-2.0
/** Rules about handles that only Windows' own handles can break: duplicates and inheritance. */
#include "../fixture/conformance_test.h"

using namespace conformance;

namespace {

class Handles : public Conformance {};

TEST_F(Handles, DISC_03_a_duplicate_keeps_the_connection_alive_until_the_last_is_closed) {
    const Port port = openPort();
    Connection connection = connect(port);
    HANDLE copy = nullptr;
    ASSERT_TRUE(DuplicateHandle(GetCurrentProcess(), connection.handle(), GetCurrentProcess(), &copy, 0, FALSE,
                                DUPLICATE_SAME_ACCESS));
    Handle duplicate(copy);
    EXPECT_TRUE(connection.close());
    EXPECT_FALSE(driver().reachesSoon(port, CONFORMANCE_DISCONNECT_ENTERED, 1));
    UCHAR input[4] = {};
    DWORD returned = 0;
    EXPECT_CODE(result::ok, FilterSendMessage(duplicate.get(), input, sizeof input, nullptr, 0, &returned));
    EXPECT_TRUE(duplicate.close());
    driver().waitFor(port, CONFORMANCE_DISCONNECT_RETURNED, 1);
    EXPECT_EQ(1u, driver().counter(port, CONFORMANCE_DISCONNECT_ENTERED));
}

TEST_F(Handles, CONN_17_DISC_03_an_inherited_handle_keeps_the_connection_alive_until_its_process_ends) {
    const Port port = openPort();
    SECURITY_ATTRIBUTES inheritable{};
    inheritable.nLength = sizeof inheritable;
    inheritable.bInheritHandle = TRUE;
    HANDLE handle = nullptr;
    ASSERT_CODE(result::ok,
                FilterConnectCommunicationPort(systemText(port.name), 0, nullptr, 0, &inheritable, &handle));
    Handle own(handle);
    auto heir = HelperProcess::start();
    EXPECT_TRUE(own.close());
    EXPECT_FALSE(driver().reachesSoon(port, CONFORMANCE_DISCONNECT_ENTERED, 1));
    heir->kill();
    driver().waitFor(port, CONFORMANCE_DISCONNECT_RETURNED, 1);
    EXPECT_EQ(1u, driver().counter(port, CONFORMANCE_DISCONNECT_ENTERED));
}

} // namespace
