/* scan-link: the scanner's end of the line and the writer of records.
 *
 * Generated from ffi/src by cbindgen; a test compares. The protocol itself is in SPEC.md, codes and metric numbers are in
 * scan_link_codes.h. A pointer handed in must point to what its type says and, unless said otherwise, must not be NULL. */

#ifndef SCAN_LINK_H
#define SCAN_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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
typedef enum {
  /**
   * Nothing.
   */
  SCAN_LINK_EVENT_KIND_NONE,
  /**
   * A session is open: report the stage of a running scan.
   */
  SCAN_LINK_EVENT_KIND_CONNECTED,
  /**
   * The session is gone. Scans go on; results are kept and sent later.
   */
  SCAN_LINK_EVENT_KIND_DISCONNECTED,
  /**
   * The bridge speaks only versions that we do not.
   */
  SCAN_LINK_EVENT_KIND_INCOMPATIBLE,
  /**
   * Start the scan in `start`, and answer with progress or an ending.
   */
  SCAN_LINK_EVENT_KIND_START,
  /**
   * Stop the scan of number `scan`, and answer with an ending.
   */
  SCAN_LINK_EVENT_KIND_CANCEL,
  /**
   * What time it is: `clock`.
   */
  SCAN_LINK_EVENT_KIND_SET_CLOCK,
  /**
   * The bridge has `result` on disk; `remove` was called.
   */
  SCAN_LINK_EVENT_KIND_STORED,
} ScanLinkEventKind;

/**
 * Whether a message was taken for sending.
 */
typedef enum {
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
} ScanLinkSent;

/**
 * How a scan ended.
 */
typedef enum {
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
} ScanLinkEndingKind;

/**
 * The scanner's end of the line. Give it static memory; what is inside is not for firmware.
 */
typedef struct {
  uint64_t memory[SCAN_LINK_DEVICE_WORDS];
} ScanLinkDevice;

/**
 * Who the scanner is. The texts are UTF-8, closed by a zero, and are cut to what a message holds: 16 bytes of maker and
 * firmware, 24 of model and serial.
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
 * The firmware's memory for results that the bridge has not confirmed.
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
   * Forgets a record for ever. A result that does not wait is no error.
   */
  void (*remove)(void *context, ScanLinkResultNumber result);
} ScanLinkStore;

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
 * The person. What is not known is 0, false or empty.
 */
typedef struct {
  /**
   * The number typed, scanned or announced, closed by a zero.
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
   * Of SetClock.
   */
  ScanLinkClock clock;
  /**
   * Of Stored.
   */
  ScanLinkResultNumber result;
  /**
   * Of Start and Cancel: the bridge's number of the scan.
   */
  uint32_t scan;
  /**
   * Of Start: SCAN_LINK_SCAN_KIND_*.
   */
  uint8_t scan_kind;
  /**
   * Of Start: somebody asked about pacemakers and pregnancy. Without it no current may flow.
   */
  bool screened;
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
   * How.
   */
  ScanLinkEndingKind kind;
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
   * Milliseconds since the scanner's start when the measurement ended.
   */
  uint32_t uptime_ms;
  /**
   * The scanner's clock at that moment.
   */
  ScanLinkClock clock;
  /**
   * The person, as the scanner computed with.
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
 * `device` is filled; `bytes` points to `length` bytes.
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
 * When `scan_link_handle_timeout` and `scan_link_poll_transmit` next have work; UINT64_MAX for never.
 *
 * # Safety
 * `device` is filled.
 */
uint64_t scan_link_poll_timeout(ScanLinkDevice *device);

/**
 * Reports how far a scan is: a SCAN_LINK_STAGE_* and the per cent of it. One that still waits is replaced.
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
 * Reports that a scan is over. Of a completed one, store the record first.
 *
 * # Safety
 * `device` is filled.
 */
ScanLinkSent scan_link_ended(ScanLinkDevice *device, ScanLinkScan scan, ScanLinkEnding ending);

/**
 * Reports a SCAN_LINK_FAULT_*, with the maker's own number for it.
 *
 * # Safety
 * `device` is filled.
 */
ScanLinkSent scan_link_fault(ScanLinkDevice *device, uint8_t fault, uint32_t detail);

/**
 * Sends a line of the log with its SCAN_LINK_LOG_LEVEL_*. Never a measured value, a name or a subject number.
 *
 * # Safety
 * `device` is filled; `line` is closed by a zero.
 */
ScanLinkSent scan_link_log(ScanLinkDevice *device,
                           uint8_t level,
                           const char *line);

/**
 * Starts a record in a buffer of `size` bytes. False if not even the header fits.
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
