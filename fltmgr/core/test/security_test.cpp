// SPDX-License-Identifier: Apache-2.0
#include <cstring>

#include "test_driver.h"

namespace {

/// A descriptor built entry by entry, absolute or self-relative.
class Descriptor {
  public:
    Descriptor &entry(UCHAR type, ACCESS_MASK mask, const void *sid, UCHAR flags = 0) {
        const size_t length = 8 + 4u * static_cast<const UCHAR *>(sid)[1];
        std::vector<UCHAR> ace(8 + length);
        const USHORT size = static_cast<USHORT>(ace.size());
        ace[0] = type;
        ace[1] = flags;
        std::memcpy(&ace[2], &size, 2);
        std::memcpy(&ace[4], &mask, 4);
        std::memcpy(&ace[8], sid, length);
        entries_.insert(entries_.end(), ace.begin(), ace.end());
        count_++;
        return *this;
    }

    PSECURITY_DESCRIPTOR absolute() {
        build_acl();
        absolute_ = {};
        absolute_.Revision = 1;
        absolute_.Control = SE_DACL_PRESENT;
        absolute_.Dacl = reinterpret_cast<PACL>(acl_.data());
        return &absolute_;
    }

    PSECURITY_DESCRIPTOR relative() {
        build_acl();
        SECURITY_DESCRIPTOR_RELATIVE head{};
        head.Revision = 1;
        head.Control = SE_DACL_PRESENT | SE_SELF_RELATIVE;
        head.Dacl = sizeof(head);
        block_.resize(sizeof(head));
        std::memcpy(block_.data(), &head, sizeof(head));
        block_.insert(block_.end(), acl_.begin(), acl_.end());
        return block_.data();
    }

    PACL acl() { return reinterpret_cast<PACL>(acl_.data()); }

  private:
    void build_acl() {
        ACL head{};
        head.AclRevision = ACL_REVISION;
        head.AclSize = static_cast<USHORT>(sizeof(head) + entries_.size());
        head.AceCount = count_;
        acl_.resize(sizeof(head));
        std::memcpy(acl_.data(), &head, sizeof(head));
        acl_.insert(acl_.end(), entries_.begin(), entries_.end());
    }

    std::vector<UCHAR> entries_, acl_, block_;
    USHORT count_ = 0;
    SECURITY_DESCRIPTOR absolute_{};
};

const void *administrators() {
    return world::administrator.sids[0];
}
const void *user() {
    return world::ordinary_user.sids[0];
}

} // namespace

class Security : public CoreTest {};

TEST_F(Security, OBJ_09_the_default_descriptor_grants_system_and_administrators_and_nobody_else) {
    PSECURITY_DESCRIPTOR descriptor = nullptr;
    ASSERT_EQ(FltBuildDefaultSecurityDescriptor(&descriptor, FLT_PORT_ALL_ACCESS), STATUS_SUCCESS);
    EXPECT_TRUE(fm_access_check(descriptor, &world::administrator, FLT_PORT_ALL_ACCESS));
    EXPECT_FALSE(fm_access_check(descriptor, &world::ordinary_user, FLT_PORT_CONNECT));
    EXPECT_TRUE(fm_access_check(descriptor, &world::kernel, FLT_PORT_ALL_ACCESS));
    FltFreeSecurityDescriptor(descriptor);
}

TEST_F(Security, OBJ_09_no_memory_for_the_default_descriptor) {
    PSECURITY_DESCRIPTOR descriptor = &descriptor;
    world::fail_allocation(1);
    EXPECT_EQ(FltBuildDefaultSecurityDescriptor(&descriptor, FLT_PORT_ALL_ACCESS), STATUS_INSUFFICIENT_RESOURCES);
    EXPECT_EQ(descriptor, nullptr);
}

TEST_F(Security, OPEN_19_no_descriptor_means_the_default_one) {
    EXPECT_TRUE(fm_access_check(nullptr, &world::administrator, FLT_PORT_ALL_ACCESS));
    EXPECT_FALSE(fm_access_check(nullptr, &world::ordinary_user, FLT_PORT_CONNECT));
}

TEST_F(Security, a_null_list_grants_everybody_and_an_empty_list_nobody) {
    Descriptor empty;
    SECURITY_DESCRIPTOR open{};
    open.Revision = 1;
    open.Control = SE_DACL_PRESENT;
    EXPECT_TRUE(fm_access_check(&open, &world::ordinary_user, FLT_PORT_ALL_ACCESS));
    open.Control = 0;
    EXPECT_TRUE(fm_access_check(&open, &world::ordinary_user, FLT_PORT_ALL_ACCESS));
    EXPECT_FALSE(fm_access_check(empty.absolute(), &world::ordinary_user, FLT_PORT_CONNECT));
}

TEST_F(Security, entries_count_in_their_order) {
    Descriptor denied_first, allowed_first;
    denied_first.entry(ACCESS_DENIED_ACE_TYPE, FLT_PORT_CONNECT, user())
        .entry(ACCESS_ALLOWED_ACE_TYPE, FLT_PORT_ALL_ACCESS, user());
    allowed_first.entry(ACCESS_ALLOWED_ACE_TYPE, FLT_PORT_ALL_ACCESS, user())
        .entry(ACCESS_DENIED_ACE_TYPE, FLT_PORT_CONNECT, user());
    EXPECT_FALSE(fm_access_check(denied_first.absolute(), &world::ordinary_user, FLT_PORT_ALL_ACCESS));
    EXPECT_TRUE(fm_access_check(allowed_first.absolute(), &world::ordinary_user, FLT_PORT_ALL_ACCESS));
}

TEST_F(Security, rights_add_up_over_entries_and_inherit_only_entries_do_not_count) {
    Descriptor parts, inherit;
    parts.entry(ACCESS_ALLOWED_ACE_TYPE, STANDARD_RIGHTS_ALL, user())
        .entry(ACCESS_ALLOWED_ACE_TYPE, FLT_PORT_CONNECT, user());
    inherit.entry(ACCESS_ALLOWED_ACE_TYPE, FLT_PORT_ALL_ACCESS, user(), INHERIT_ONLY_ACE);
    EXPECT_TRUE(fm_access_check(parts.relative(), &world::ordinary_user, FLT_PORT_ALL_ACCESS));
    EXPECT_FALSE(fm_access_check(inherit.relative(), &world::ordinary_user, FLT_PORT_ALL_ACCESS));
}

TEST_F(Security, OBJ_12_generic_all_means_all_access_and_generic_read_does_not) {
    Descriptor all, read;
    all.entry(ACCESS_ALLOWED_ACE_TYPE, GENERIC_ALL, user());
    read.entry(ACCESS_ALLOWED_ACE_TYPE, GENERIC_READ | GENERIC_WRITE | GENERIC_EXECUTE, user());
    EXPECT_TRUE(fm_access_check(all.absolute(), &world::ordinary_user, FLT_PORT_ALL_ACCESS));
    EXPECT_FALSE(fm_access_check(read.absolute(), &world::ordinary_user, FLT_PORT_ALL_ACCESS));
    EXPECT_TRUE(fm_access_check(read.absolute(), &world::ordinary_user, READ_CONTROL));
}

TEST_F(Security, a_malformed_list_grants_nothing) {
    Descriptor cut;
    cut.entry(ACCESS_ALLOWED_ACE_TYPE, FLT_PORT_ALL_ACCESS, administrators());
    PSECURITY_DESCRIPTOR descriptor = cut.absolute();
    cut.acl()->AceCount = 3; // more than the size holds
    EXPECT_TRUE(fm_access_check(descriptor, &world::administrator, FLT_PORT_ALL_ACCESS));
    EXPECT_FALSE(fm_access_check(descriptor, &world::ordinary_user, FLT_PORT_ALL_ACCESS));
    for (USHORT size : {0, 7, 8, 11, 20}) {
        cut.acl()->AclSize = size;
        EXPECT_FALSE(fm_access_check(descriptor, &world::administrator, FLT_PORT_ALL_ACCESS)) << size;
    }
    SECURITY_DESCRIPTOR unknown{};
    unknown.Revision = 9;
    EXPECT_FALSE(fm_access_check(&unknown, &world::administrator, FLT_PORT_CONNECT));
}

TEST_F(Security, OPEN_01_the_right_to_connect_alone_is_not_enough_unless_switched) {
    TestDriver driver;
    Descriptor connect_only;
    connect_only.entry(ACCESS_ALLOWED_ACE_TYPE, FLT_PORT_CONNECT, user());
    ASSERT_EQ(driver.create_port(u"\\P", 1, connect_only.absolute()), STATUS_SUCCESS);

    Client client;
    EXPECT_EQ(client.connect(u"\\P", "", &world::ordinary_user), STATUS_ACCESS_DENIED);
    fm_core_set_connect_access(FLT_PORT_CONNECT);
    EXPECT_EQ(client.connect(u"\\P", "", &world::ordinary_user), STATUS_SUCCESS);
    client.close();
    driver.unregister();
}

TEST_F(Security, OBJ_10_the_descriptor_may_be_freed_once_the_port_is_created) {
    TestDriver driver;
    PSECURITY_DESCRIPTOR descriptor = nullptr;
    ASSERT_EQ(FltBuildDefaultSecurityDescriptor(&descriptor, FLT_PORT_ALL_ACCESS), STATUS_SUCCESS);
    ASSERT_EQ(driver.create_port(u"\\P", 1, descriptor), STATUS_SUCCESS);
    FltFreeSecurityDescriptor(descriptor);

    Client refused, accepted;
    EXPECT_EQ(refused.connect(u"\\P", "", &world::ordinary_user), STATUS_ACCESS_DENIED);
    EXPECT_EQ(accepted.connect(u"\\P"), STATUS_SUCCESS);
    EXPECT_EQ(driver.connects, 1); // OBJ-04
    accepted.close();
    driver.unregister();
}
