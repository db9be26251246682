// SPDX-License-Identifier: Apache-2.0
//
// What is remembered, what never is, and what makes everything forgotten. How a single remembered verdict ends is in
// cache_stale_test.cpp.

#include "cache_fixture.h"

#include <cerrno>
#include <fstream>
#include <thread>

#include <sys/stat.h>
#include <unistd.h>

namespace {

TEST_F(Cache, asks_once_about_a_file_that_stays_as_it_is) {
    start();
    const std::string path = remembered();
    for (int i = 0; i < 20; i++) {
        EXPECT_FALSE(asks(path));
    }
    const FP_COUNTERS c = decider->counters();
    EXPECT_EQ(c.Cached, 1u);
    EXPECT_EQ(c.CacheRefused, 0u);
    EXPECT_EQ(c.Allowed, 1u) << "what is remembered is not counted";
    EXPECT_EQ(counter("cache.kept"), 1);
    EXPECT_EQ(counter("cache.entries"), 1);
}

TEST_F(Cache, asks_once_under_a_mark_on_the_directory) {
    start({}, "mark=directory");
    const std::string path = remembered();
    EXPECT_EQ(openElsewhere(path, Opener::modify), 0);
    EXPECT_TRUE(asks(path));
    EXPECT_FALSE(asks(path));
    setPolicy(FP_POLICY_ASK | FP_POLICY_CACHE);
    EXPECT_TRUE(asks(path)) << "forgotten, and the directory is still gated";
    EXPECT_FALSE(asks(file("out/file"))) << "another directory is not";
}

TEST_F(Cache, remembers_many_files_at_once) {
    start();
    std::vector<std::string> paths;
    for (int i = 0; i < 200; i++) {
        paths.push_back(file("in/file" + std::to_string(i), "content"));
    }
    std::vector<std::thread> threads;
    for (int first : {0, 0, 50, 100}) { // some at the same time
        threads.emplace_back([&, first] {
            for (int i = first; i < first + 100; i++) {
                EXPECT_EQ(openElsewhere(paths[static_cast<size_t>(i)]), 0);
            }
        });
    }
    for (auto &thread : threads) {
        thread.join();
    }
    for (const std::string &path : paths) {
        EXPECT_FALSE(asks(path)) << path;
    }
    EXPECT_EQ(counter("cache.entries"), 200);
}

TEST_F(Cache, needs_the_deciders_word_and_the_policys) {
    start();
    const std::string path = file("in/file");
    answer(FP_VERDICT_ALLOW);
    EXPECT_TRUE(asks(path));
    EXPECT_TRUE(asks(path)) << "the decider did not say so";
    answer(FP_VERDICT_ALLOW_CACHED);
    setPolicy(FP_POLICY_ASK);
    EXPECT_TRUE(asks(path));
    EXPECT_TRUE(asks(path)) << "the policy does not permit it";
    EXPECT_EQ(decider->counters().CacheRefused, 2u);
    EXPECT_EQ(counter("cache.kept"), 0);
}

TEST_F(Cache, never_remembers_a_denial) {
    start();
    const std::string path = file("in/file", "Bad");
    EXPECT_EQ(openElsewhere(path), EPERM);
    EXPECT_EQ(openElsewhere(path), EPERM);
    EXPECT_EQ(questions, 2);
    EXPECT_EQ(counter("cache.kept"), 0);
    std::ofstream(path) << "Good";
    EXPECT_TRUE(asks(path));
    EXPECT_FALSE(asks(path));
}

TEST_F(Cache, never_remembers_what_ended_without_a_verdict) {
    start();
    const std::string path = file("in/file");
    answer(77);
    EXPECT_NE(openElsewhere(path), 0);
    answer(FP_VERDICT_ALLOW_CACHED);
    EXPECT_TRUE(asks(path));
}

TEST_F(Cache, never_remembers_a_file_that_others_may_write) {
    start();
    const std::string group = file("in/group"), world = file("in/world");
    ASSERT_EQ(chmod(group.c_str(), 0664), 0);
    ASSERT_EQ(chmod(world.c_str(), 0646), 0);
    for (const std::string &path : {group, world}) {
        EXPECT_TRUE(asks(path));
        EXPECT_TRUE(asks(path));
    }
    EXPECT_EQ(counter("cache.refused_writable"), 4);
    EXPECT_EQ(decider->counters().CacheRefused, 4u);
}

TEST_F(Cache, keeps_opening_and_executing_apart) {
    start();
    const std::string path = file("in/true", "#!/bin/true\n");
    remember(path);
    EXPECT_TRUE(asks(path, Opener::execute)) << "allowed to be read is not allowed to be run";
    EXPECT_FALSE(asks(path, Opener::execute));
    EXPECT_FALSE(asks(path));
    EXPECT_EQ(counter("cache.entries"), 1);
}

TEST_F(Cache, lets_the_oldest_go_when_it_is_full) {
    start({"--kept-verdicts", "2"});
    const std::string first = remembered("in/first"), second = remembered("in/second"), third = remembered("in/third");
    EXPECT_EQ(counter("cache.evicted"), 1);
    EXPECT_EQ(counter("cache.entries"), 2);
    EXPECT_FALSE(asks(second));
    EXPECT_FALSE(asks(third));
    EXPECT_TRUE(asks(first));
    EXPECT_TRUE(asks(second)) << "it had to go for the first";
}

TEST_F(Cache, can_be_switched_off) {
    start({"--kept-verdicts", "0"});
    const std::string path = file("in/file");
    EXPECT_TRUE(asks(path));
    EXPECT_TRUE(asks(path));
    EXPECT_EQ(decider->counters().CacheRefused, 2u);
}

TEST_F(Cache, forgets_all_when_the_decider_goes) {
    start();
    const std::string path = remembered();
    decider.reset();
    EXPECT_NE(openElsewhere(path), 0) << "no decider: the policy's outcome";
    connect();
    EXPECT_TRUE(asks(path)) << "the new one is asked itself";
    EXPECT_FALSE(asks(path));
}

TEST_F(Cache, forgets_all_when_a_policy_is_set) {
    start();
    const std::string path = remembered(), other = remembered("in/other");
    setPolicy(FP_POLICY_ASK | FP_POLICY_CACHE);
    EXPECT_EQ(counter("cache.dropped"), 2);
    EXPECT_EQ(counter("cache.entries"), 0);
    EXPECT_TRUE(asks(path));
    EXPECT_TRUE(asks(other));
}

TEST_F(Cache, does_not_remember_a_verdict_from_before_a_policy) {
    start();
    const std::string path = file("in/file");
    whileAsked([&] {
        // Not from this thread: it is the one that receives.
        std::thread([&] { setPolicy(FP_POLICY_ASK | FP_POLICY_CACHE); }).join();
    });
    EXPECT_TRUE(asks(path));
    EXPECT_EQ(counter("cache.refused_dropped"), 1);
    whileAsked(nullptr);
    EXPECT_TRUE(asks(path));
    EXPECT_FALSE(asks(path));
}

TEST_F(Cache, forgets_all_when_the_driver_is_unloaded) {
    start();
    const std::string path = remembered();
    ASSERT_EQ(manager->command("unload " FILTERPORT_DRIVER_NAME), "ok");
    decider.reset();
    EXPECT_EQ(counter("cache.entries"), 0);
    ASSERT_EQ(manager->command("load " FILTERPORT_DRIVER_NAME), "ok");
    connect();
    EXPECT_TRUE(asks(path));
    EXPECT_FALSE(asks(path));
}

TEST_F(Cache, never_answers_for_another_filter) {
    start();
    const std::string path = remembered("in/deny");
    ASSERT_EQ(manager->command("load gate_test altitude=370000"), "ok");
    EXPECT_EQ(openElsewhere(path), EPERM) << "the new filter has not been passed by";
    const std::string other = file("in/other", "content");
    EXPECT_TRUE(asks(other));
    EXPECT_TRUE(asks(other)) << "it has not agreed to be passed by";
    EXPECT_EQ(counter("cache.entries"), 0);
    ASSERT_EQ(manager->command("unload gate_test"), "ok");
    EXPECT_TRUE(asks(path));
    EXPECT_FALSE(asks(path));
}

TEST_F(Cache, leaves_nothing_behind) {
    start();
    remembered("in/first");
    remembered("in/second");
    ASSERT_EQ(manager->command("unvolume Fanotify1"), "ok");
    EXPECT_EQ(counter("cache.entries"), 0);
    EXPECT_EQ(counter("cache.kept"), 2);
    EXPECT_EQ(counter("cache.dropped"), 2);
    decider.reset();
    EXPECT_EQ(manager->stop(), 0);
}

} // namespace
