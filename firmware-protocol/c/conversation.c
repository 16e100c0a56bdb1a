/* A scanner's firmware in C, as far as the link goes: its end of the line, a store for one record, the writer of records.
 *
 * It is led through the conversation of vectors_v1.h. What it sends must be the bytes there, what it hears the words there.
 * Real firmware does the same in a loop: bytes from the UART to scan_link_handle_bytes, events from scan_link_poll_event, frames
 * from scan_link_poll_transmit to the UART, and scan_link_handle_timeout at least when scan_link_poll_timeout says so.
 */
#include <stdio.h>
#include <string.h>

#include "scan_link.h"
#include "scan_link_codes.h"
#include "vectors_v1.h"

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

static bool write_record(struct memory *memory, ScanLinkResultNumber result)
{
    ScanLinkRecordHeader header = {
        .result = result,
        .scan = { .asked = false, .number = 1 },
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
    if (!fits) {
        return false;
    }
    memory->waiting.length = scan_link_record_finish(&writer);
    memory->waiting.result = result;
    memory->waits = true;
    return true;
}

static bool act(ScanLinkDevice *link, struct memory *memory, const char *action)
{
    const ScanLinkScan walk_up = { .asked = false, .number = 1 };
    const ScanLinkScan asked = { .asked = true, .number = 9 };
    const ScanLinkResultNumber result = { .boot = 7, .number = 1 };
    if (strcmp(action, "report walk-up 1 weighing 40") == 0) {
        return scan_link_progress(link, walk_up, SCAN_LINK_STAGE_WEIGHING, 40) == SCAN_LINK_SENT_OK;
    }
    if (strcmp(action, "keep result 7-1") == 0) {
        return write_record(memory, result);
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
        snprintf(words, size, "connected");
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

/* ---- the conversation ---- */

static bool follow(ScanLinkDevice *link, struct memory *memory, const struct step *step)
{
    uint8_t frame[SCAN_LINK_FRAME];
    char words[80];
    size_t length;
    switch (step->who) {
    case SCANNER_SENDS:
        length = scan_link_poll_transmit(link, NOW_US, frame);
        return length == step->length && memcmp(frame, step->bytes, length) == 0;
    case BRIDGE_SENDS:
        length = scan_link_poll_transmit(link, NOW_US, frame);
        scan_link_handle_bytes(link, NOW_US, step->bytes, step->length);
        return length == 0;
    case FIRMWARE_HEARS:
        hear(link, words, sizeof words);
        return strcmp(words, step->words) == 0;
    case FIRMWARE_DOES:
        return act(link, memory, step->words);
    }
    return false;
}

int main(void)
{
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
    scan_link_new(&link, &identity, store, 115200, 7, NOW_US);

    const size_t count = sizeof STEPS / sizeof STEPS[0];
    for (size_t number = 0; number < count; number++) {
        if (!follow(&link, &memory, &STEPS[number])) {
            fprintf(stderr, "step %zu differs: %s\n", number, STEPS[number].words);
            return 1;
        }
    }
    if (memory.waits) {
        fprintf(stderr, "the result was not forgotten\n");
        return 1;
    }
    printf("%zu steps\n", count);
    return 0;
}
