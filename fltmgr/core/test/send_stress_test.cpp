// SPDX-License-Identifier: Apache-2.0
// Everything at once, for the sanitizers: outcomes are not predicted, but they must add up and nothing may hang.
#include <random>

#include "test_driver.h"

class SendStress : public CoreTest {};

TEST_F(SendStress, senders_replies_timeouts_cancels_and_alerts_add_up) {
    constexpr int senders = 6, messages = 300;
    TestDriver driver;
    ASSERT_EQ(driver.create_port(), STATUS_SUCCESS);
    Client client(3);
    ASSERT_EQ(client.connect(), STATUS_SUCCESS);
    std::atomic<bool> stop{false};
    std::atomic<int> ended{0}, replied{0};

    {
        std::thread receiver([&] {
            std::mt19937 random(1);
            std::vector<Receive *> armed;
            for (int i = 0; i < 4; i++) {
                armed.push_back(client.transport.arm());
            }
            while (!stop) {
                for (Receive *&receive : armed) {
                    bool done = false;
                    world::change([&] { done = receive->done; });
                    if (done) {
                        if (receive->status == STATUS_SUCCESS && receive->header().ReplyLength != 0 &&
                            random() % 4 != 0) {
                            client.transport.reply(receive->header().MessageId, 0, receive->payload());
                        }
                        receive = client.transport.arm();
                    } else if (random() % 8 == 0) {
                        client.transport.cancel(receive);
                    }
                }
                world::advance(1);
            }
        });
        std::vector<std::unique_ptr<world::Thread>> threads;
        for (int i = 0; i < senders; i++) {
            threads.push_back(std::make_unique<world::Thread>([&, i] {
                for (int m = 0; m < messages; m++) {
                    const std::string payload = std::to_string(i) + ":" + std::to_string(m);
                    const int64_t timeout = -(m % 7) - 1;
                    SendResult result = driver.send(*driver.clients[0], payload, m % 3 == 0 ? -1 : 32, &timeout);
                    if (result.status == STATUS_SUCCESS && m % 3 != 0) {
                        EXPECT_EQ(result.reply.substr(0, result.reply_length),
                                  payload); // no reply reaches another message
                        replied++;
                    }
                    if (result.status == STATUS_THREAD_IS_TERMINATING) {
                        fm_thread_reset(fm_current_thread());
                    }
                    ended++;
                }
            }));
        }
        for (int i = 0; i < 50; i++) {
            threads[static_cast<size_t>(i % senders)]->alert();
        }
        threads.clear();
        stop = true;
        receiver.join();
    }
    client.close();
    const fm_counters c = counters();
    EXPECT_EQ(ended, senders * messages);
    EXPECT_EQ(c.sent, static_cast<uint64_t>(senders * messages));
    EXPECT_EQ(c.sent, c.one_way + c.replied + c.reply_too_long + c.timed_out_queued + c.timed_out_delivered +
                          c.disconnected + c.terminated);
    EXPECT_EQ(c.replied, static_cast<uint64_t>(replied));
    EXPECT_EQ(client.transport.open_windows(), 0);
    driver.unregister();
}

TEST_F(SendStress, SEND_02_senders_race_the_closing_of_either_end) {
    TestDriver driver;
    ASSERT_EQ(driver.create_port(u"\\ScannerPort", 2), STATUS_SUCCESS);
    ClientEnd shared; // the driver's one global variable, as in many drivers
    driver.on_connect = [&](ClientEnd &end) {
        __atomic_store_n(&shared.port, end.port, __ATOMIC_RELEASE);
        return STATUS_SUCCESS;
    };
    driver.on_disconnect = [&](ClientEnd &) { FltCloseClientPort(driver.filter, &shared.port); };

    std::atomic<bool> stop{false};
    std::vector<std::unique_ptr<world::Thread>> threads;
    for (int i = 0; i < 4; i++) {
        threads.push_back(std::make_unique<world::Thread>([&, i] {
            while (!stop) {
                SendResult result = driver.send(shared, "x", i % 2 == 0 ? 8 : -1);
                EXPECT_TRUE(result.status == STATUS_PORT_DISCONNECTED || result.status == STATUS_SUCCESS)
                    << result.status;
            }
        }));
    }
    for (int i = 0; i < 300; i++) {
        Client client;
        ASSERT_EQ(client.connect(), STATUS_SUCCESS);
        client.transport.arm();
        client.transport.arm();
        if (i % 3 == 0) {
            FltCloseClientPort(driver.filter, &shared.port);
        }
        client.close();
    }
    stop = true;
    threads.clear();
    for (const auto &end : driver.clients) {
        EXPECT_EQ(end->disconnects, 1);
    }
    driver.unregister();
}

TEST_F(SendStress, DISC_16_connects_race_unregistering) {
    for (int round = 0; round < 50; round++) {
        TestDriver driver;
        ASSERT_EQ(driver.create_port(), STATUS_SUCCESS);
        std::vector<std::unique_ptr<world::Thread>> threads;
        for (int i = 0; i < 3; i++) {
            threads.push_back(std::make_unique<world::Thread>([] {
                Client client;
                NTSTATUS status = client.connect();
                EXPECT_TRUE(status == STATUS_SUCCESS || status == STATUS_FLT_DELETING_OBJECT ||
                            status == STATUS_OBJECT_NAME_NOT_FOUND)
                    << status;
            }));
        }
        driver.unregister();
        threads.clear();
        for (const auto &end : driver.clients) {
            EXPECT_EQ(end->disconnects, 1);
        }
    }
}
