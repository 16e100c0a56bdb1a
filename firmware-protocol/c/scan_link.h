/* scan-link: the scanner's end of the line and the writer of records.
 *
 * Generated from ffi/src by cbindgen; a test compares. The protocol itself is in SPEC.md, codes and metric numbers are in
 * scan_link_codes.h. A pointer handed in must point to what its type says and, unless said otherwise, must not be NULL.
 *
 * Nothing here locks: the functions must not be called for the same device, or the same record, from two contexts at once (two
 * threads, or a thread and an interrupt). So give received bytes to a buffer in the interrupt, and to scan_link_handle_bytes in the loop.
 * The functions of a ScanLinkStore must not call back into the link. */

#ifndef SCAN_LINK_H
#define SCAN_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* To be provided by the firmware, under this name. The library calls it when it finds a fault in itself: reset the scanner, and do not
 * return. */
#ifdef __cplusplus
extern "C"
#endif
void scan_link_panic(void);

/**
 * Bytes a buffer for `scan_link_poll_transmit` needs.
 */
#define SCAN_LINK_FRAME 254

/**
 * Words of a ScanLinkDevice.
 */
#define SCAN_LINK_DEVICE_WORDS 232

/**
 * Words of a ScanLinkRecordWriter.
 */
#define SCAN_LINK_RECORD_WRITER_WORDS 8

/**
 * What the link has to tell the firmware.
 */
enum ScanLinkEventKind
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint8_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /**
   * Nothing.
   */
  SCAN_LINK_EVENT_KIND_NONE,
  /**
   * A session is open, in `version`: report the stage of a running scan.
   */
  SCAN_LINK_EVENT_KIND_CONNECTED,
  /**
   * The session, or the bridge that was Incompatible, is gone, because of `reason`. Scans go on; results are kept and sent later.
   */
  SCAN_LINK_EVENT_KIND_DISCONNECTED,
  /**
   * The bridge speaks only `versions`, and none of ours: one of the two needs an update.
   */
  SCAN_LINK_EVENT_KIND_INCOMPATIBLE,
  /**
   * Start the scan that `scan`, `scan_kind`, `screened` and `subject` tell of, and answer with progress or an ending.
   */
  SCAN_LINK_EVENT_KIND_START,
  /**
   * Stop the scan of number `scan`, and answer with an ending; nothing answers if it does not run.
   */
  SCAN_LINK_EVENT_KIND_CANCEL,
  /**
   * What time it is: `clock`.
   */
  SCAN_LINK_EVENT_KIND_SET_CLOCK,
  /**
   * The bridge has `result` on disk, and `remove` has just forgotten it.
   */
  SCAN_LINK_EVENT_KIND_STORED,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum ScanLinkEventKind ScanLinkEventKind;
#else
typedef uint8_t ScanLinkEventKind;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * Why a session ended. The next one is being sought already.
 */
enum ScanLinkCloseReason
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint8_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /**
   * The firmware said so.
   */
  SCAN_LINK_CLOSE_REASON_LINE_DOWN,
  /**
   * Nothing was heard for a few seconds.
   */
  SCAN_LINK_CLOSE_REASON_SILENCE,
  /**
   * The bridge started anew.
   */
  SCAN_LINK_CLOSE_REASON_PEER_RESTARTED,
  /**
   * The bridge lives and does not confirm a message.
   */
  SCAN_LINK_CLOSE_REASON_UNANSWERED,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum ScanLinkCloseReason ScanLinkCloseReason;
#else
typedef uint8_t ScanLinkCloseReason;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * Whether a message was taken for sending.
 */
enum ScanLinkSent
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint8_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /**
   * It was.
   */
  SCAN_LINK_SENT_OK,
  /**
   * There is no session.
   */
  SCAN_LINK_SENT_NOT_CONNECTED,
  /**
   * Too many messages wait: try again later.
   */
  SCAN_LINK_SENT_BUSY,
  /**
   * Never: a code has no meaning.
   */
  SCAN_LINK_SENT_INVALID,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum ScanLinkSent ScanLinkSent;
#else
typedef uint8_t ScanLinkSent;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * How a scan ended.
 */
enum ScanLinkEndingKind
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint8_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /**
   * With the result in `result`.
   */
  SCAN_LINK_ENDING_KIND_COMPLETED,
  /**
   * Without one, because of the SCAN_LINK_FAULT_* in `code`.
   */
  SCAN_LINK_ENDING_KIND_FAILED,
  /**
   * Somebody stopped it.
   */
  SCAN_LINK_ENDING_KIND_CANCELLED,
  /**
   * It never began, because of the SCAN_LINK_REFUSAL_* in `code`.
   */
  SCAN_LINK_ENDING_KIND_REFUSED,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum ScanLinkEndingKind ScanLinkEndingKind;
#else
typedef uint8_t ScanLinkEndingKind;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * The scanner's end of the line. Give it static memory; what is inside is not for firmware.
 */
typedef struct {
  uint64_t memory[SCAN_LINK_DEVICE_WORDS];
} ScanLinkDevice;

/**
 * Who the scanner is. The texts are for people: UTF-8, closed by a zero, cut to what a message holds (16 bytes of maker and
 * firmware, 24 of model and serial), empty if they are NULL or no UTF-8.
 */
typedef struct {
  /**
   * Unique number of the chip, zeros behind it.
   */
  uint8_t device[16];
  /**
   * Count of starts in non-volatile memory, begun at a random number where that is blank; without such memory a random number.
   */
  uint32_t boot;
  /**
   * Maker, for people.
   */
  const char *maker;
  /**
   * Model, for people.
   */
  const char *model;
  /**
   * Serial number as printed on the scanner.
   */
  const char *serial;
  /**
   * Version of the firmware.
   */
  const char *firmware;
  /**
   * SCAN_LINK_CAPABILITY_* added up.
   */
  uint32_t capabilities;
} ScanLinkIdentity;

/**
 * Which result: the start it belongs to, and its number since then, from 1.
 */
typedef struct {
  /**
   * Count of starts.
   */
  uint32_t boot;
  /**
   * Result since that start.
   */
  uint32_t number;
} ScanLinkResultNumber;

/**
 * A record that waits in the firmware's memory.
 */
typedef struct {
  /**
   * Which.
   */
  ScanLinkResultNumber result;
  /**
   * Bytes of the record.
   */
  size_t length;
} ScanLinkWaiting;

/**
 * The firmware's memory for results that the bridge has not confirmed. Its functions are called by `scan_link_poll_event`,
 * `scan_link_poll_transmit` and `scan_link_poll_timeout`, in their context, and must not call any function of the link themselves.
 */
typedef struct {
  /**
   * Handed to the functions.
   */
  void *context;
  /**
   * Puts the oldest record that waits into `*oldest`; false if none does. Called often: it should not search.
   */
  bool (*oldest)(void *context, ScanLinkWaiting *oldest);
  /**
   * Copies `length` bytes of a record from `offset` on. Does nothing if it was just removed.
   */
  void (*read)(void *context,
               ScanLinkResultNumber result,
               size_t offset,
               uint8_t *into,
               size_t length);
  /**
   * Forgets a record for ever. Returns whether it waited: the bridge may confirm a result twice.
   */
  bool (*remove)(void *context, ScanLinkResultNumber result);
} ScanLinkStore;

/**
 * Versions of the protocol, both ends included.
 */
typedef struct {
  /**
   * Oldest.
   */
  uint8_t oldest;
  /**
   * Newest.
   */
  uint8_t newest;
} ScanLinkVersionRange;

/**
 * A date and time.
 */
typedef struct {
  /**
   * Seconds since 1970-01-01T00:00:00Z.
   */
  uint64_t unix_seconds;
  /**
   * Minutes to add for local time.
   */
  int16_t offset_minutes;
  /**
   * Whether the clock was set at all.
   */
  bool known;
} ScanLinkClock;

/**
 * `mantissa / 10^scale`.
 */
typedef struct {
  /**
   * Digits without the point.
   */
  int32_t mantissa;
  /**
   * Digits after the point, at most 9.
   */
  uint8_t scale;
  /**
   * Whether there is a value at all.
   */
  bool known;
} ScanLinkDecimal;

/**
 * The person. What is not known is false or empty, and what stands beside it means nothing then.
 */
typedef struct {
  /**
   * The number typed, scanned or announced: at most 18 bytes of UTF-8, closed by a zero. It is taken whole or not at all.
   */
  char number[19];
  /**
   * SCAN_LINK_SEX_*, if known.
   */
  uint8_t sex;
  /**
   * Whether the sex is known.
   */
  bool sex_known;
  /**
   * Age in years, if known.
   */
  uint8_t age;
  /**
   * Whether the age is known.
   */
  bool age_known;
  /**
   * Height in centimetres.
   */
  ScanLinkDecimal height;
  /**
   * SCAN_LINK_BODY_TYPE_*, if known.
   */
  uint8_t body_type;
  /**
   * Whether the body type is known.
   */
  bool body_type_known;
  /**
   * Weight of clothes in kilograms.
   */
  ScanLinkDecimal clothes_weight;
  /**
   * Activity level 1 to 3, if known.
   */
  uint8_t activity_level;
  /**
   * Whether the activity level is known.
   */
  bool activity_level_known;
} ScanLinkSubject;

/**
 * An event. Only the fields of its kind mean something.
 */
typedef struct {
  /**
   * What happened.
   */
  ScanLinkEventKind kind;
  /**
   * Of Connected: the version both speak.
   */
  uint8_t version;
  /**
   * Of Disconnected.
   */
  ScanLinkCloseReason reason;
  /**
   * Of Incompatible: what the bridge speaks.
   */
  ScanLinkVersionRange versions;
  /**
   * Of Start: SCAN_LINK_SCAN_KIND_*.
   */
  uint8_t scan_kind;
  /**
   * Of Start: somebody asked about pacemakers and pregnancy. Without it no current may flow.
   */
  bool screened;
  /**
   * Of Start and Cancel: the bridge's number of the scan.
   */
  uint32_t scan;
  /**
   * Of Stored.
   */
  ScanLinkResultNumber result;
  /**
   * Of SetClock.
   */
  ScanLinkClock clock;
  /**
   * Of Start: the person.
   */
  ScanLinkSubject subject;
} ScanLinkEvent;

/**
 * Which scan.
 */
typedef struct {
  /**
   * The bridge asked for it under this number; otherwise somebody stepped on, and the scanner counts.
   */
  bool asked;
  /**
   * The number.
   */
  uint32_t number;
} ScanLinkScan;

/**
 * How a scan ended, with its particulars.
 */
typedef struct {
  /**
   * SCAN_LINK_ENDING_KIND_*.
   */
  uint8_t kind;
  /**
   * Fault or refusal, if that is how.
   */
  uint8_t code;
  /**
   * Result, if that is how.
   */
  ScanLinkResultNumber result;
} ScanLinkEnding;

/**
 * What went by on the line. Each counts from `scan_link_new` and wraps.
 */
typedef struct {
  /**
   * Good frames of the bridge.
   */
  uint32_t frames;
  /**
   * Bytes between two zeros that were too long or no COBS.
   */
  uint32_t not_frames;
  /**
   * Frames with a wrong checksum.
   */
  uint32_t bad_checksums;
  /**
   * Frames with a right checksum that this version does not know.
   */
  uint32_t unknown_frames;
  /**
   * Our own frames: an echo on the line.
   */
  uint32_t echoes;
  /**
   * Frames of another session.
   */
  uint32_t strangers;
  /**
   * Parts that were here before.
   */
  uint32_t repeats;
  /**
   * Messages this version does not know, or with fields it cannot read.
   */
  uint32_t unknown_messages;
  /**
   * Last parts sent again for want of an answer.
   */
  uint32_t resends;
  /**
   * Sessions that ended.
   */
  uint32_t sessions_lost;
} ScanLinkCounters;

/**
 * A record being written. What is inside is not for firmware.
 */
typedef struct {
  size_t memory[SCAN_LINK_RECORD_WRITER_WORDS];
} ScanLinkRecordWriter;

/**
 * What a record says besides the values.
 */
typedef struct {
  /**
   * Which result.
   */
  ScanLinkResultNumber result;
  /**
   * Which scan it came from.
   */
  ScanLinkScan scan;
  /**
   * SCAN_LINK_SCAN_KIND_*.
   */
  uint8_t kind;
  /**
   * SCAN_LINK_COMPLETENESS_*.
   */
  uint8_t completeness;
  /**
   * Milliseconds since the scanner's start when the measurement ended. After 49.7 days it stays at FFFFFFFF, and never begins again at 0.
   */
  uint32_t uptime_ms;
  /**
   * The scanner's clock at that moment.
   */
  ScanLinkClock clock;
  /**
   * The person, as the scanner computed with. Of a scan that was asked for it must have the number of the event Start.
   */
  ScanLinkSubject subject;
} ScanLinkRecordHeader;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Makes the end of a line in `device`. `baud` is that of the UART; `seed` must differ at each start (the count of starts is
 * good). `now` is in microseconds since the start, here and everywhere.
 *
 * # Safety
 * The pointers and what they point to are valid; the store's functions stay so for the life of the device.
 */
void scan_link_new(ScanLinkDevice *device,
                   const ScanLinkIdentity *identity,
                   ScanLinkStore store,
                   uint32_t baud,
                   uint32_t seed,
                   uint64_t now);

/**
 * Takes bytes as the UART delivered them; frames may start and end anywhere. Then drain the events.
 *
 * # Safety
 * `device` is filled; `bytes` points to `length` bytes, or is NULL if there are none.
 */
void scan_link_handle_bytes(ScanLinkDevice *device,
                            uint64_t now,
                            const uint8_t *bytes,
                            size_t length);

/**
 * Says that `now` has arrived. Early or repeated calls change nothing. Then drain the events.
 *
 * # Safety
 * `device` is filled.
 */
void scan_link_handle_timeout(ScanLinkDevice *device, uint64_t now);

/**
 * Says that the line was connected or cut, for scanners that can see it. Others need not call it.
 *
 * # Safety
 * `device` is filled.
 */
void scan_link_handle_line(ScanLinkDevice *device, uint64_t now, bool up);

/**
 * Puts the next event into `event` and returns its kind. Call it until that is None, after every `scan_link_handle_*`.
 *
 * # Safety
 * `device` is filled; `event` can be written.
 */
ScanLinkEventKind scan_link_poll_event(ScanLinkDevice *device,
                                       ScanLinkEvent *event);

/**
 * Copies the next frame to send into `frame` and returns its length, 0 for none. Ask again when it has left.
 *
 * # Safety
 * `device` is filled; `frame` has room for SCAN_LINK_FRAME bytes.
 */
size_t scan_link_poll_transmit(ScanLinkDevice *device,
                               uint64_t now,
                               uint8_t *frame);

/**
 * When `scan_link_handle_timeout` and `scan_link_poll_transmit` next have work: 0 if they have some already, because a record was
 * stored or a message said since they were called; UINT64_MAX for never.
 *
 * # Safety
 * `device` is filled.
 */
uint64_t scan_link_poll_timeout(ScanLinkDevice *device);

/**
 * Reports how far a scan is: a SCAN_LINK_STAGE_* and the per cent of it. The progress before it is replaced if it is the last
 * message that waits to be sent.
 * Call it at least once a minute while a scan runs, changed or not: after five minutes of silence the bridge gives the scan up.
 *
 * # Safety
 * `device` is filled.
 */
ScanLinkSent scan_link_progress(ScanLinkDevice *device,
                                ScanLinkScan scan,
                                uint8_t stage,
                                uint8_t percent);

/**
 * Reports that a scan is over. Of a completed one, store the record first. Invalid if its kind is no SCAN_LINK_ENDING_KIND_*.
 *
 * # Safety
 * `device` is filled.
 */
ScanLinkSent scan_link_ended(ScanLinkDevice *device,
                             ScanLinkScan scan,
                             ScanLinkEnding ending);

/**
 * Reports a SCAN_LINK_FAULT_*, with the maker's own number for it.
 *
 * # Safety
 * `device` is filled.
 */
ScanLinkSent scan_link_fault(ScanLinkDevice *device, uint8_t fault, uint32_t detail);

/**
 * Sends a line of the log with its SCAN_LINK_LOG_LEVEL_*, cut to 96 bytes and empty if it is no UTF-8. Never a measured value, a
 * name or a subject number.
 *
 * # Safety
 * `device` is filled; `line` is closed by a zero.
 */
ScanLinkSent scan_link_log(ScanLinkDevice *device,
                           uint8_t level,
                           const char *line);

/**
 * Whether a session is open.
 *
 * # Safety
 * `device` is filled.
 */
bool scan_link_is_connected(ScanLinkDevice *device);

/**
 * Puts into `counters` what went by on the line.
 *
 * # Safety
 * `device` is filled; `counters` can be written.
 */
void scan_link_counters(ScanLinkDevice *device, ScanLinkCounters *counters);

/**
 * Starts a record in a buffer of `size` bytes. False if not even the header fits, if the subject's number is not closed by a zero or
 * no UTF-8, or if a value of the subject has more than nine decimals.
 *
 * # Safety
 * The pointers are valid; the buffer stays in place until `scan_link_record_finish`.
 */
bool scan_link_record_begin(ScanLinkRecordWriter *writer,
                            uint8_t *buffer,
                            size_t size,
                            const ScanLinkRecordHeader *header);

/**
 * Adds the measurement SCAN_LINK_METRIC_* with the value `mantissa / 10^scale` in the metric unit of the vocabulary. False if
 * it does not fit or `scale` is above 9.
 *
 * # Safety
 * `writer` is filled and not finished.
 */
bool scan_link_record_value(ScanLinkRecordWriter *writer,
                            uint16_t metric,
                            int32_t mantissa,
                            uint8_t scale);

/**
 * Adds resistance and reactance in tenths of an ohm of SCAN_LINK_SEGMENT_* at SCAN_LINK_FREQUENCY_*. False if they do not fit.
 *
 * # Safety
 * `writer` is filled and not finished.
 */
bool scan_link_record_impedance(ScanLinkRecordWriter *writer,
                                uint8_t segment,
                                uint8_t frequency,
                                int32_t resistance_tenths,
                                int32_t reactance_tenths);

/**
 * Ends the record and returns its length in the buffer. The writer is used up.
 *
 * # Safety
 * `writer` is filled and not finished.
 */
size_t scan_link_record_finish(ScanLinkRecordWriter *writer);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* SCAN_LINK_H */

/* A compiler that lays these out in another way than the library does (packed structs, another ABI) stops here. */
#ifdef __cplusplus
#define SCAN_LINK_LAYOUT(holds) static_assert(holds, "not the layout of the library")
#else
#define SCAN_LINK_LAYOUT(holds) _Static_assert(holds, "not the layout of the library")
#endif
SCAN_LINK_LAYOUT(sizeof(ScanLinkClock) == 16 && offsetof(ScanLinkClock, known) == 10);
SCAN_LINK_LAYOUT(sizeof(ScanLinkSubject) == 48 && offsetof(ScanLinkSubject, height) == 24);
SCAN_LINK_LAYOUT(offsetof(ScanLinkSubject, clothes_weight) == 36 && offsetof(ScanLinkSubject, activity_level_known) == 45);
SCAN_LINK_LAYOUT(sizeof(ScanLinkEnding) == 12 && offsetof(ScanLinkEnding, result) == 4);
SCAN_LINK_LAYOUT(sizeof(ScanLinkEvent) == 88 && offsetof(ScanLinkEvent, scan) == 8 && offsetof(ScanLinkEvent, result) == 12);
SCAN_LINK_LAYOUT(offsetof(ScanLinkEvent, clock) == 24 && offsetof(ScanLinkEvent, subject) == 40);
SCAN_LINK_LAYOUT(offsetof(ScanLinkWaiting, length) == 8);
SCAN_LINK_LAYOUT(sizeof(ScanLinkRecordHeader) == 88 && offsetof(ScanLinkRecordHeader, uptime_ms) == 20);
SCAN_LINK_LAYOUT(offsetof(ScanLinkRecordHeader, clock) == 24 && offsetof(ScanLinkRecordHeader, subject) == 40);
