#!/usr/bin/env python3
"""Reads scan-link-v1.json and scan-link-v1-troubles.json as a program in another language would: by SPEC.md alone, sharing nothing with the crate."""

import json
import pathlib
import zlib


def cobs_decode(data):
    out, at = bytearray(), 0
    while at < len(data):
        code = data[at]
        if code == 0 or at + code > len(data):
            raise ValueError("no COBS")
        out += data[at + 1 : at + code]
        at += code
        if code < 255 and at < len(data):
            out.append(0)
    return bytes(out)


def unframe(wire):
    """The content of one frame with zeros around it."""
    wire = wire.strip(b"\0")
    if len(wire) > 252:
        raise ValueError("too long")
    raw = cobs_decode(wire)
    if len(raw) < 5 or zlib.crc32(raw[:-4]) != int.from_bytes(raw[-4:], "little"):
        raise ValueError("checksum")
    return raw[:-4]


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        if self.at + count > len(self.data):
            raise ValueError("too short")
        self.at += count
        return self.data[self.at - count : self.at]

    def u8(self):
        return self.take(1)[0]

    def one_of(self, count):
        number = self.u8()
        if number >= count:
            raise ValueError("none of them")
        return number

    def varint(self, bits=32):
        value = 0
        for shift in range(0, bits, 7):
            byte = self.u8()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                if value >> bits:
                    raise ValueError("too large")
                return value
        raise ValueError("too long")

    def signed(self, bits=32):
        value = self.varint(bits)
        return value >> 1 ^ -(value & 1)

    def text(self, at_most):
        length = self.varint()
        if length > at_most:
            raise ValueError("too long")
        return self.take(length).decode()

    def option(self, read):
        return read() if self.one_of(2) else None

    def decimal(self):
        scale, mantissa = self.one_of(10), self.signed()
        digits = str(abs(mantissa)).rjust(scale + 1, "0")
        point = f"{digits[:-scale]}.{digits[-scale:]}" if scale else digits
        return "-" * (mantissa < 0) + point

    def result(self):
        return {"boot": self.varint(), "number": self.varint()}

    def scan(self):
        return {["walk_up", "asked"][self.one_of(2)]: self.varint()}

    def clock(self):
        return {"unix_seconds": self.varint(64), "offset_minutes": self.signed(16)}

    def subject(self):
        return {
            "number": self.text(18),
            "sex": self.option(self.u8),
            "age": self.option(self.u8),
            "height": self.option(self.decimal),
            "body_type": self.option(self.u8),
            "clothes_weight": self.option(self.decimal),
            "activity_level": self.option(self.u8),
        }

    def ending(self):
        kind = self.one_of(4)
        if kind == 0:
            return {"completed": self.result()}
        return "cancelled" if kind == 2 else {{1: "failed", 3: "refused"}[kind]: self.u8()}


def scanner_says(data):
    r = Reader(data)
    number = r.u8()
    if number == 0:
        return {"identity": {
            "device": r.take(16).hex(), "boot": r.varint(), "uptime_ms": r.varint(), "maker": r.text(16),
            "model": r.text(24), "serial": r.text(24), "firmware": r.text(16), "capabilities": r.varint(),
        }}
    if number == 1:
        return {"progress": {"scan": r.scan(), "stage": r.u8(), "percent": r.u8()}}
    if number == 2:
        return {"result": {"result": r.result(), "length": r.varint(16)}}
    if number == 3:
        return {"ended": {"scan": r.scan(), "ending": r.ending()}}
    if number == 4:
        return {"fault": {"fault": r.u8(), "detail": r.varint()}}
    return {"log": {"level": r.u8(), "text": r.text(96)}}


def bridge_says(data):
    r = Reader(data)
    number = r.u8()
    if number == 0:
        return {"stored": r.result()}
    if number == 1:
        return {"set_clock": r.clock()}
    if number == 2:
        return {"start": {"scan": r.varint(), "kind": r.u8(), "screened": r.one_of(2) == 1, "subject": r.subject()}}
    return {"cancel": r.varint()}


def record(data):
    if zlib.crc32(data[:-4]) != int.from_bytes(data[-4:], "little"):
        raise ValueError("checksum of a record")
    r = Reader(data[:-4])
    header = {
        "result": r.result(), "scan": r.scan(), "kind": r.u8(), "completeness": r.u8(), "uptime_ms": r.varint(),
        "clock": r.option(r.clock), "subject": r.subject(),
    }
    items = []
    while r.at < len(r.data):
        kind, length = r.u8(), int.from_bytes(r.take(2), "little")
        s = Reader(r.take(length))
        while kind in (1, 2) and s.at < length:
            if kind == 1:
                items.append({"metric": s.varint(16), "value": s.decimal()})
            else:
                items.append({
                    "segment": s.u8(), "frequency": s.u8(), "resistance": s.decimal(), "reactance": s.decimal(),
                })
    return header, items


def conversation(steps):
    """Follows both sides' frames and returns the messages in order."""
    nonces, parts, answered, said = {}, {}, {}, []
    for step in steps:
        for side, key, digit in (("scanner", "scanner_sends", 1), ("bridge", "bridge_sends", 2)):
            if key not in step:
                continue
            content = unframe(bytes.fromhex(step[key]))
            kind = content[0] & 15
            if kind == 1:
                assert content[1:3] == b"SL"
                if nonces.get(side) != content[3:7]:
                    nonces[side] = content[3:7]
                    parts, answered = {}, {}
                continue
            pair = zlib.crc32(nonces["scanner"] + nonces["bridge"])
            if content[0] >> 4 != digit or int.from_bytes(content[1:5], "little") != pair:
                continue
            if kind in (2, 3):
                seq, index = content[5:7]
                parts.setdefault((side, seq), {})[index] = content[7:]
            if kind == 4:
                other = {"scanner": "bridge", "bridge": "scanner"}[side]
                # A second "done" for the same message: it came twice.
                if answered.get(other) != content[5]:
                    answered[other] = content[5]
                    message = parts.pop((other, content[5]))
                    assert sorted(message) == list(range(len(message))), "a part is missing"
                    said.append((other, b"".join(message[index] for index in sorted(message))))
    return said


def refuses(read, data, why):
    try:
        read(data)
    except ValueError:
        return
    raise AssertionError(why)


def check_records(cases):
    for case in cases:
        header, items = record(bytes.fromhex(case["hex"]))
        for item in case["items"]:
            item.pop("name", None)
        assert (header, items) == (case["header"], case["items"]), case["name"]


def is_frame(step):
    wire = step.get("bridge_sends", "")
    try:
        unframe(bytes.fromhex(wire))
    except ValueError:
        return wire == ""
    return True


def load(name):
    return json.loads(pathlib.Path(__file__).with_name(name).read_text())


def main():
    vectors = load("scan-link-v1.json")
    for case in vectors["crc32"]:
        assert zlib.crc32(case["ascii"].encode()) == case["crc"]
    for case in vectors["sessions"]:
        pair = case["scanner_nonce"].to_bytes(4, "little") + case["bridge_nonce"].to_bytes(4, "little")
        assert zlib.crc32(pair) == case["session"]
    for case in vectors["frames"]:
        assert unframe(bytes.fromhex(case["wire"]))[0] >> 4 == {"scanner": 1, "bridge": 2}[case["from"]], case["name"]
    for case in vectors["not_frames"]:
        refuses(unframe, bytes.fromhex(case["wire"]), case["why"])
    for case in vectors["messages"]:
        read = scanner_says if case["from"] == "scanner" else bridge_says
        assert read(bytes.fromhex(case["hex"])) == case["says"], case
    check_records(vectors["records"])
    said = conversation(vectors["conversation"]["steps"])
    assert "identity" in scanner_says(said[0][1])
    results = [data for side, data in said if side == "scanner" and data[0] == 2]
    assert len(results) == 1 and len(record(results[0][5:])[1]) == 33

    troubles = load("scan-link-v1-troubles.json")
    for case in troubles["unreadable_messages"]:
        refuses(scanner_says if case["from"] == "scanner" else bridge_says, bytes.fromhex(case["hex"]), case["why"])
    check_records(troubles["records"])
    for case in troubles["not_records"]:
        refuses(record, bytes.fromhex(case["hex"]), case["why"])
    for case in troubles["conversations"]:
        # The bytes of one conversation are partly no frames.
        steps = [step for step in case["steps"] if is_frame(step)]
        messages = [data for side, data in conversation(steps) if side == "scanner"]
        assert "identity" in scanner_says(messages[0]), case["name"]
    print(
        f"{len(vectors['messages'])} messages, {len(vectors['records'])} records, {len(said)} messages in conversation,"
        f" {len(troubles['conversations'])} conversations with troubles"
    )


main()
