/* A scanner's firmware in C, as far as the link goes: its end of the line, a store for one record, the writer of records.
 *
 * It is led through all conversations of the vectors. What it sends must be the bytes there, what it hears the words there. They are
 * in vectors.h, which `cargo test -p scan-link-ffi` writes from ../vectors to target/tmp in the folder of the workspace; how to
 * compile this by hand then is in ../README.md.
 * Real firmware does the same in a loop: bytes from the UART to scan_link_handle_bytes, events from scan_link_poll_event, frames
 * from scan_link_poll_transmit to the UART, and scan_link_handle_timeout at least when scan_link_poll_timeout says so.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "scan_link.h"
#include "scan_link_codes.h"
#include "vectors.h"

/* ---- the memory for results: here, room for one ---- */

struct memory {
    bool waits;
    ScanLinkWaiting waiting;
    uint8_t record[1200];
};

static bool memory_oldest(void *context, ScanLinkWaiting *oldest)
{
    const struct memory *memory = context;
    *oldest = memory->waiting;
    return memory->waits;
}

static bool memory_is(const struct memory *memory, ScanLinkResultNumber result)
{
    const ScanLinkResultNumber waiting = memory->waiting.result;
    return memory->waits && waiting.boot == result.boot && waiting.number == result.number;
}

static void memory_read(void *context, ScanLinkResultNumber result, size_t offset, uint8_t *into, size_t length)
{
    const struct memory *memory = context;
    if (memory_is(memory, result)) {
        memcpy(into, memory->record + offset, length);
    }
}

static bool memory_remove(void *context, ScanLinkResultNumber result)
{
    struct memory *memory = context;
    const bool waited = memory_is(memory, result);
    if (waited) {
        memory->waits = false;
    }
    return waited;
}

/* ---- what the firmware measures ---- */

static ScanLinkRecordHeader header_of(ScanLinkResultNumber result)
{
    const ScanLinkRecordHeader header = {
        .result = result,
        .scan = { .asked = false, .number = result.number },
        .kind = SCAN_LINK_SCAN_KIND_BODY_COMPOSITION,
        .completeness = SCAN_LINK_COMPLETENESS_FULL,
        .uptime_ms = 61500,
        .clock = { .unix_seconds = 1750000000, .offset_minutes = 60, .known = true },
        .subject = {
            .number = "0000000112",
            .sex = SCAN_LINK_SEX_FEMALE, .sex_known = true,
            .age = 28, .age_known = true,
            .height = { .mantissa = 1670, .scale = 1, .known = true },
            .body_type = SCAN_LINK_BODY_TYPE_STANDARD, .body_type_known = true,
            .clothes_weight = { .mantissa = 5, .scale = 1, .known = true },
            .activity_level = 2, .activity_level_known = true,
        },
    };
    return header;
}

static void keep(struct memory *memory, ScanLinkResultNumber result, size_t length)
{
    memory->waiting.length = length;
    memory->waiting.result = result;
    memory->waits = true;
}

static bool write_record(struct memory *memory, ScanLinkResultNumber result)
{
    const ScanLinkRecordHeader header = header_of(result);
    ScanLinkRecordWriter writer;
    bool fits = scan_link_record_begin(&writer, memory->record, sizeof memory->record, &header)
        && scan_link_record_value(&writer, SCAN_LINK_METRIC_BODY_WEIGHT, 805, 1)
        && scan_link_record_value(&writer, SCAN_LINK_METRIC_FAT_PERCENTAGE, 240, 1)
        && scan_link_record_value(&writer, SCAN_LINK_METRIC_PHASE_ANGLE, -61, 1);
    for (uint8_t segment = SCAN_LINK_SEGMENT_LEFT_SIDE; segment <= SCAN_LINK_SEGMENT_LEFT_ARM; segment++) {
        for (uint8_t frequency = SCAN_LINK_FREQUENCY_1KHZ; frequency <= SCAN_LINK_FREQUENCY_1000KHZ; frequency++) {
            int32_t step = 10 * segment + frequency;
            fits = fits && scan_link_record_impedance(&writer, segment, frequency, 3000 + step, -300 - step);
        }
    }
    if (fits) {
        keep(memory, result, scan_link_record_finish(&writer));
    }
    return fits;
}

/* The record "small" of the vectors. */
static bool small_record_is_that_of_the_vectors(void)
{
    const ScanLinkResultNumber result = { .boot = 7, .number = 3 };
    const ScanLinkRecordHeader header = header_of(result);
    ScanLinkRecordWriter writer;
    uint8_t record[256];
    return scan_link_record_begin(&writer, record, sizeof record, &header)
        && scan_link_record_value(&writer, SCAN_LINK_METRIC_BODY_WEIGHT, 805, 1)
        && scan_link_record_value(&writer, SCAN_LINK_METRIC_PHASE_ANGLE_RIGHT_LEG, -88, 1)
        && scan_link_record_impedance(&writer, SCAN_LINK_SEGMENT_LEFT_LEG, SCAN_LINK_FREQUENCY_50KHZ, 2420, -260)
        && scan_link_record_value(&writer, SCAN_LINK_METRIC_WAIST_GIRTH, 8125, 2)
        && scan_link_record_finish(&writer) == sizeof SMALL_RECORD
        && memcmp(record, SMALL_RECORD, sizeof SMALL_RECORD) == 0;
}

static bool counts(ScanLinkDevice *link, const char *what, uint32_t count)
{
    ScanLinkCounters counters;
    scan_link_counters(link, &counters);
    const struct { const char *name; uint32_t count; } known[] = {
        { "unknown_messages", counters.unknown_messages },
        { "not_frames", counters.not_frames },
        { "bad_checksums", counters.bad_checksums },
        { "strangers", counters.strangers },
        { "echoes", counters.echoes },
    };
    for (size_t at = 0; at < sizeof known / sizeof known[0]; at++) {
        if (strcmp(known[at].name, what) == 0) {
            return known[at].count == count;
        }
    }
    return false;
}

static bool act(ScanLinkDevice *link, struct memory *memory, uint64_t *now, const char *action)
{
    uint32_t count;
    char what[32];
    if (sscanf(action, "wait until %" SCNu64, now) == 1) {
        scan_link_handle_timeout(link, *now);
        return true;
    }
    if (sscanf(action, "count %" SCNu32 " %31s", &count, what) == 2) {
        return counts(link, what, count);
    }
    const ScanLinkScan walk_up = { .asked = false, .number = 1 };
    const ScanLinkScan asked = { .asked = true, .number = 9 };
    const ScanLinkResultNumber result = { .boot = 7, .number = 1 };
    if (strcmp(action, "report walk-up 1 weighing 40") == 0) {
        return scan_link_progress(link, walk_up, SCAN_LINK_STAGE_WEIGHING, 40) == SCAN_LINK_SENT_OK;
    }
    if (strcmp(action, "keep result 7-1") == 0) {
        return write_record(memory, result);
    }
    if (strcmp(action, "keep 235 bytes as result 7-1") == 0) {
        memset(memory->record, 5, 235);
        keep(memory, result, 235);
        return true;
    }
    if (strcmp(action, "end walk-up 1 with result 7-1") == 0) {
        const ScanLinkEnding ending = { .kind = SCAN_LINK_ENDING_KIND_COMPLETED, .result = result };
        return scan_link_ended(link, walk_up, ending) == SCAN_LINK_SENT_OK;
    }
    if (strcmp(action, "log that the load cells are warm") == 0) {
        return scan_link_log(link, SCAN_LINK_LOG_LEVEL_INFO, "load cells warm") == SCAN_LINK_SENT_OK;
    }
    if (strcmp(action, "report zero point fault 17") == 0) {
        return scan_link_fault(link, SCAN_LINK_FAULT_ZERO_POINT, 17) == SCAN_LINK_SENT_OK;
    }
    if (strcmp(action, "end walk-up 1 as person moved") == 0) {
        const ScanLinkEnding ending = { .kind = SCAN_LINK_ENDING_KIND_FAILED, .code = SCAN_LINK_FAULT_PERSON_MOVED };
        return scan_link_ended(link, walk_up, ending) == SCAN_LINK_SENT_OK;
    }
    if (strcmp(action, "end asked 9 as not screened") == 0) {
        const ScanLinkEnding ending = { .kind = SCAN_LINK_ENDING_KIND_REFUSED, .code = SCAN_LINK_REFUSAL_NOT_SCREENED };
        return scan_link_ended(link, asked, ending) == SCAN_LINK_SENT_OK;
    }
    if (strcmp(action, "end asked 9 as cancelled") == 0) {
        const ScanLinkEnding ending = { .kind = SCAN_LINK_ENDING_KIND_CANCELLED };
        return scan_link_ended(link, asked, ending) == SCAN_LINK_SENT_OK;
    }
    return false;
}

/* ---- what the firmware hears ---- */

static void hear(ScanLinkDevice *link, char *words, size_t size)
{
    ScanLinkEvent event;
    switch (scan_link_poll_event(link, &event)) {
    case SCAN_LINK_EVENT_KIND_CONNECTED:
        snprintf(words, size, event.version == 1 && scan_link_is_connected(link) ? "connected" : "connected to whom");
        break;
    case SCAN_LINK_EVENT_KIND_DISCONNECTED:
        snprintf(words, size, "disconnected, %s",
                 event.reason == SCAN_LINK_CLOSE_REASON_PEER_RESTARTED ? "the bridge started anew" : "for another reason");
        break;
    case SCAN_LINK_EVENT_KIND_INCOMPATIBLE:
        snprintf(words, size, "incompatible, the bridge speaks %u to %u", event.versions.oldest, event.versions.newest);
        break;
    case SCAN_LINK_EVENT_KIND_STORED:
        snprintf(words, size, "stored %lu-%lu", (unsigned long)event.result.boot, (unsigned long)event.result.number);
        break;
    case SCAN_LINK_EVENT_KIND_SET_CLOCK:
        snprintf(words, size, "clock %llu %d", (unsigned long long)event.clock.unix_seconds, event.clock.offset_minutes);
        break;
    case SCAN_LINK_EVENT_KIND_START:
        snprintf(words, size, "start %lu for subject %s", (unsigned long)event.scan, event.subject.number);
        break;
    case SCAN_LINK_EVENT_KIND_CANCEL:
        snprintf(words, size, "cancel %lu", (unsigned long)event.scan);
        break;
    default:
        snprintf(words, size, "nothing");
        break;
    }
}

/* ---- the conversations ---- */

static bool follow(ScanLinkDevice *link, struct memory *memory, uint64_t *now, const struct step *step)
{
    uint8_t frame[SCAN_LINK_FRAME];
    char words[80];
    size_t length;
    hear(link, words, sizeof words);
    if (step->who == FIRMWARE_HEARS) {
        return strcmp(words, step->words) == 0;
    }
    if (strcmp(words, "nothing") != 0) {
        return false;
    }
    switch (step->who) {
    case SCANNER_SENDS:
        length = scan_link_poll_transmit(link, *now, frame);
        return length == step->length && memcmp(frame, step->bytes, length) == 0;
    case BRIDGE_SENDS:
        length = scan_link_poll_transmit(link, *now, frame);
        scan_link_handle_bytes(link, *now, step->bytes, step->length);
        return length == 0;
    default:
        return act(link, memory, now, step->words);
    }
}

static bool converse(const struct conversation *conversation)
{
    uint64_t now = conversation->now_us;
    static ScanLinkDevice link;
    static struct memory memory;
    const ScanLinkIdentity identity = {
        .device = "chip-0001",
        .boot = 7,
        .maker = "Example",
        .model = "BC-1",
        .serial = "SN-42",
        .firmware = "1.4.0",
        .capabilities = SCAN_LINK_CAPABILITY_LIVE_STAGES + SCAN_LINK_CAPABILITY_IMPEDANCES,
    };
    const ScanLinkStore store = { &memory, memory_oldest, memory_read, memory_remove };
    memory.waits = false;
    scan_link_new(&link, &identity, store, 115200, 7, now);
    for (size_t number = 0; number < conversation->count; number++) {
        const struct step *step = &conversation->steps[number];
        if (!follow(&link, &memory, &now, step)) {
            fprintf(stderr, "%s: step %zu differs: %s\n", conversation->name, number, step->words);
            return false;
        }
    }
    if (memory.waits) {
        fprintf(stderr, "%s: the result was not forgotten\n", conversation->name);
    }
    return !memory.waits;
}

int main(void)
{
    const size_t count = sizeof CONVERSATIONS / sizeof CONVERSATIONS[0];
    bool good = true;
    for (size_t number = 0; number < count; number++) {
        good = converse(&CONVERSATIONS[number]) && good;
    }
    if (!small_record_is_that_of_the_vectors()) {
        fprintf(stderr, "the small record differs\n");
        good = false;
    }
    return good ? 0 : 1;
}
