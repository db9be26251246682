// SPDX-License-Identifier: Apache-2.0
#include "ring_reader.h"

#include <cstring>
#include <stdexcept>

std::vector<RingRead> RingReader::read() {
    std::vector<RingRead> events;
    LONG64 end = published();
    while (position_ != end) {
        LONG64 place = position_ & (length_ - 1);
        RING_RECORD record;
        std::memcpy(&record, data_ + place, sizeof(record));
        LONG64 step = (static_cast<LONG64>(sizeof(record)) + record.Length + 15) & ~LONG64{15};
        if (step > end - position_ || step > length_ - place) {
            throw std::logic_error("a record that does not lie inside the ring");
        }
        if (record.Kind != RING_KIND_PADDING) {
            events.push_back(
                {record.Kind, record.Sequence,
                 std::string(reinterpret_cast<const char *>(data_ + place) + sizeof(record), record.Length)});
        }
        position_ += step;
    }
    return events;
}
