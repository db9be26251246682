// SPDX-License-Identifier: Apache-2.0
//
// A reader after ring_format.h, as a client would write it.

#ifndef FILTERPORT_RING_TEST_RING_READER_H
#define FILTERPORT_RING_TEST_RING_READER_H

#include <string>
#include <vector>

#include "ring.h"

struct RingRead {
    ULONG kind;
    RING_U64 sequence;
    std::string bytes;
};

class RingReader {
  public:
    explicit RingReader(RING *ring, LONG64 position = 0)
        : producer_(ring->Producer), consumer_(const_cast<RING_CONSUMER *>(ring->Consumer)), data_(ring->Data),
          length_(ring->DataLength), position_(position) {}

    /** What is published and not read yet, padding left out. Throws std::logic_error if a record lies wrong. */
    std::vector<RingRead> read();
    void commit() { consume(position_); }
    /** Any value, sensible or not. */
    void consume(LONG64 position) { __atomic_store_n(&consumer_->Consumed, position, __ATOMIC_RELEASE); }
    void sleep(LONG64 number) { __atomic_store_n(&consumer_->Sleeping, number, __ATOMIC_SEQ_CST); }
    LONG64 position() const { return position_; }
    LONG64 published() const { return __atomic_load_n(&producer_->Published, __ATOMIC_ACQUIRE); }
    LONG64 lost() const { return __atomic_load_n(&producer_->Lost, __ATOMIC_ACQUIRE); }
    RING_CONSUMER *page() const { return consumer_; }

  private:
    RING_PRODUCER *producer_;
    RING_CONSUMER *consumer_;
    const UCHAR *data_;
    LONG64 length_;
    LONG64 position_;
};

#endif
