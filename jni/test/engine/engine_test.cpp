// SPDX-License-Identifier: Apache-2.0
/** The engine alone: what it asks of fltlib for a message, and what it says about memory when it stops. */
#include "../../engine.h"

#include <gtest/gtest.h>

#include <memory>
#include <new>

#include "scripted_fltlib.h"

namespace filterport::test {
namespace {

constexpr uint32_t kSlots = 16;
constexpr uint32_t kReader = 0;
constexpr int64_t kAtOnce = 0;
constexpr int64_t kForever = INT64_MAX;

class EngineTest : public ::testing::Test {
  protected:
    EngineTest() {
        const EngineOptions options = {kSlots, 256, 256, 64, 1, 0};
        const EngineLayout layout = EngineLayoutFor(options);
        arena_.reset(new (std::align_val_t{kPage}) char[layout.size]());
        batch_ = reinterpret_cast<int64_t *>(arena_.get() + layout.batch);
        EXPECT_EQ(S_OK, Engine::Create(ScriptedFltlib::handle(), arena_.get(), options, &engine_));
    }

    ~EngineTest() override { engine_->Destroy(); }

    void deliver(int messages) {
        for (int i = 0; i < messages; i++) {
            fltlib_.deliver(static_cast<ULONGLONG>(++messageId_), 8);
        }
    }

    uint32_t slot(int message) const { return static_cast<uint32_t>(batch_[message]); }

    ScriptedFltlib fltlib_;
    Engine *engine_ = nullptr;
    int messageId_ = 0;

  private:
    static constexpr size_t kPage = 4096;
    struct Free {
        void operator()(char *memory) const { operator delete[](memory, std::align_val_t{kPage}); }
    };

    std::unique_ptr<char[], Free> arena_;
    int64_t *batch_ = nullptr;
};

TEST_F(EngineTest, each_slot_is_armed_once) {
    EXPECT_EQ(static_cast<int>(kSlots), fltlib_.calls().get);
    EXPECT_EQ(kSlots, fltlib_.pending());
}

/* What a plain client in C calls for each message: FilterGetMessage, a wait for its completion, FilterReplyMessage. */
TEST_F(EngineTest, a_message_alone_costs_one_receive_one_wait_and_one_reply) {
    constexpr int kMessages = 100;
    fltlib_.forgetCalls();
    int rearm = 0;
    for (int i = 0; i < kMessages; i++) {
        deliver(1);
        ASSERT_EQ(1, engine_->Poll(kReader, rearm, kBatchLimit, kForever));
        ASSERT_EQ(kReplyDelivered, engine_->Reply(slot(0), 0, 8));
        ASSERT_EQ(static_cast<ULONGLONG>(messageId_), fltlib_.answered());
        rearm = 1;
    }
    engine_->Rearm(slot(0));
    EXPECT_EQ(kMessages, fltlib_.calls().get);
    EXPECT_EQ(kMessages, fltlib_.calls().wait);
    EXPECT_EQ(kMessages, fltlib_.calls().reply);
}

TEST_F(EngineTest, a_batch_costs_one_wait) {
    deliver(kSlots);
    fltlib_.forgetCalls();
    ASSERT_EQ(static_cast<int>(kSlots), engine_->Poll(kReader, 0, kBatchLimit, kForever));
    EXPECT_EQ(1, fltlib_.calls().wait);
    EXPECT_EQ(0, fltlib_.calls().get);
    EXPECT_EQ(0, engine_->Poll(kReader, kSlots, kBatchLimit, kAtOnce));
    EXPECT_EQ(static_cast<int>(kSlots), fltlib_.calls().get);
    EXPECT_EQ(2, fltlib_.calls().wait);
}

TEST_F(EngineTest, stop_takes_every_receive_back_before_the_arena_may_go) {
    uint32_t pending = 1;
    EXPECT_EQ(0, engine_->Stop(kForever / 2, true, &pending));
    EXPECT_EQ(0u, pending);
    EXPECT_EQ(0u, fltlib_.pending());
}

TEST_F(EngineTest, stop_tells_which_receives_have_not_come_back) {
    fltlib_.cancelEnds(kSlots - 3);
    uint32_t pending = 0;
    EXPECT_EQ(0, engine_->Stop(kAtOnce, true, &pending));
    EXPECT_EQ(3u, pending) << "this memory may still be written";
    fltlib_.cancelEnds(3);
    EXPECT_EQ(0, engine_->Stop(kAtOnce, true, &pending));
    EXPECT_EQ(0u, pending);
}

TEST_F(EngineTest, stop_hands_over_what_came_before_the_cancel) {
    deliver(2);
    uint32_t pending = 1;
    EXPECT_EQ(2, engine_->Stop(kForever / 2, true, &pending));
    EXPECT_EQ(0u, pending);
    EXPECT_EQ(0u, slot(0));
    EXPECT_EQ(1u, slot(1));
    EXPECT_EQ(kReplyDelivered, engine_->Reply(slot(1), 0, 8));
}

TEST_F(EngineTest, nothing_is_armed_after_stop) {
    deliver(1);
    uint32_t pending = 1;
    EXPECT_EQ(1, engine_->Stop(kForever / 2, true, &pending));
    fltlib_.forgetCalls();
    engine_->Rearm(slot(0));
    EXPECT_EQ(kPollClosed, engine_->Poll(kReader, 0, kBatchLimit, kForever));
    EXPECT_EQ(0, fltlib_.calls().get);
}

TEST_F(EngineTest, a_receive_ended_by_a_disconnect_ends_the_connection) {
    fltlib_.end(static_cast<NTSTATUS>(0xC0000037));
    EXPECT_EQ(kPollDisconnected, engine_->Poll(kReader, 0, kBatchLimit, kForever));
}

TEST_F(EngineTest, a_receive_ended_because_the_drivers_process_is_gone_ends_the_connection) {
    fltlib_.end(static_cast<NTSTATUS>(0xC0000123));
    EXPECT_EQ(kPollDisconnected, engine_->Poll(kReader, 0, kBatchLimit, kForever));
}

TEST_F(EngineTest, a_receive_that_failed_otherwise_is_an_error) {
    fltlib_.end(static_cast<NTSTATUS>(0xC0000005));
    EXPECT_EQ(kPollError, engine_->Poll(kReader, 0, kBatchLimit, kForever));
}

TEST_F(EngineTest, a_slot_is_given_back_once) {
    deliver(1);
    ASSERT_EQ(1, engine_->Poll(kReader, 0, kBatchLimit, kForever));
    fltlib_.forgetCalls();
    engine_->Rearm(slot(0));
    engine_->Rearm(slot(0));
    engine_->Rearm(kSlots + 1);
    EXPECT_EQ(1, fltlib_.calls().get);
    EXPECT_EQ(E_INVALIDARG, engine_->Reply(slot(0), 0, 8)) << "the receive is out, its header may change";
}

} // namespace
} // namespace filterport::test
