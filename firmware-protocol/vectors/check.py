#!/usr/bin/env python3
"""Reads scan-link-v1.json as a program in another language would: by SPEC.md alone, sharing nothing with the crate."""

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

    def varint(self):
        value = shift = 0
        while True:
            byte = self.u8()
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    def signed(self):
        value = self.varint()
        return value >> 1 ^ -(value & 1)

    def text(self):
        return self.take(self.varint()).decode()

    def option(self, read):
        return read() if self.u8() else None

    def decimal(self):
        scale, mantissa = self.u8(), self.signed()
        digits = str(abs(mantissa)).rjust(scale + 1, "0")
        point = f"{digits[:-scale]}.{digits[-scale:]}" if scale else digits
        return "-" * (mantissa < 0) + point

    def result(self):
        return {"boot": self.varint(), "number": self.varint()}

    def scan(self):
        return {["walk_up", "asked"][self.u8()]: self.varint()}

    def clock(self):
        return {"unix_seconds": self.varint(), "offset_minutes": self.signed()}

    def subject(self):
        return {
            "number": self.text(),
            "sex": self.option(self.u8),
            "age": self.option(self.u8),
            "height": self.option(self.decimal),
            "body_type": self.option(self.u8),
            "clothes_weight": self.option(self.decimal),
            "activity_level": self.option(self.u8),
        }

    def ending(self):
        kind = self.u8()
        if kind == 0:
            return {"completed": self.result()}
        return "cancelled" if kind == 2 else {{1: "failed", 3: "refused"}[kind]: self.u8()}


def scanner_says(data):
    r = Reader(data)
    number = r.u8()
    if number == 0:
        return {"identity": {
            "device": r.take(16).hex(), "boot": r.varint(), "uptime_ms": r.varint(), "maker": r.text(), "model": r.text(),
            "serial": r.text(), "firmware": r.text(), "capabilities": r.varint(),
        }}
    if number == 1:
        return {"progress": {"scan": r.scan(), "stage": r.u8(), "percent": r.u8()}}
    if number == 2:
        return {"result": {"result": r.result(), "length": r.varint()}}
    if number == 3:
        return {"ended": {"scan": r.scan(), "ending": r.ending()}}
    if number == 4:
        return {"fault": {"fault": r.u8(), "detail": r.varint()}}
    return {"log": {"level": r.u8(), "text": r.text()}}


def bridge_says(data):
    r = Reader(data)
    number = r.u8()
    if number == 0:
        return {"stored": r.result()}
    if number == 1:
        return {"set_clock": r.clock()}
    if number == 2:
        return {"start": {"scan": r.varint(), "kind": r.u8(), "screened": r.u8() == 1, "subject": r.subject()}}
    return {"cancel": r.varint()}


def record(data):
    assert zlib.crc32(data[:-4]) == int.from_bytes(data[-4:], "little"), "checksum of a record"
    r = Reader(data[:-4])
    header = {
        "result": r.result(), "scan": r.scan(), "kind": r.u8(), "completeness": r.u8(), "uptime_ms": r.varint(),
        "clock": r.option(r.clock), "subject": r.subject(),
    }
    items = []
    while r.at < len(r.data):
        kind, length = r.u8(), int.from_bytes(r.take(2), "little")
        s = Reader(r.take(length))
        while s.at < length:
            if kind == 1:
                items.append({"metric": s.varint(), "value": s.decimal()})
            else:
                items.append({
                    "segment": s.u8(), "frequency": s.u8(), "resistance": s.decimal(), "reactance": s.decimal(),
                })
    return header, items


def conversation(steps):
    """Follows both sides' frames and returns the messages in order."""
    nonces, parts, said = {}, {}, []
    for step in steps:
        for side, key, digit in (("scanner", "scanner_sends", 1), ("bridge", "bridge_sends", 2)):
            if key not in step:
                continue
            content = unframe(bytes.fromhex(step[key]))
            assert content[0] >> 4 == digit
            kind = content[0] & 15
            if kind == 1:
                assert content[1:3] == b"SL"
                nonces[side] = content[3:7]
                continue
            assert int.from_bytes(content[1:5], "little") == zlib.crc32(nonces["scanner"] + nonces["bridge"])
            if kind in (2, 3):
                parts.setdefault(side, bytearray()).extend(content[7:])
            if kind == 3:
                said.append((side, bytes(parts.pop(side))))
    return said


def main():
    vectors = json.loads(pathlib.Path(__file__).with_name("scan-link-v1.json").read_text())
    for case in vectors["crc32"]:
        assert zlib.crc32(case["ascii"].encode()) == case["crc"]
    for case in vectors["sessions"]:
        pair = case["scanner_nonce"].to_bytes(4, "little") + case["bridge_nonce"].to_bytes(4, "little")
        assert zlib.crc32(pair) == case["session"]
    for case in vectors["frames"]:
        assert unframe(bytes.fromhex(case["wire"]))[0] >> 4 == {"scanner": 1, "bridge": 2}[case["from"]], case["name"]
    for case in vectors["not_frames"]:
        try:
            unframe(bytes.fromhex(case["wire"]))
        except ValueError:
            continue
        raise AssertionError(case["why"])
    for case in vectors["messages"]:
        read = scanner_says if case["from"] == "scanner" else bridge_says
        assert read(bytes.fromhex(case["hex"])) == case["says"], case
    for case in vectors["records"]:
        header, items = record(bytes.fromhex(case["hex"]))
        for item in case["items"]:
            item.pop("name", None)
        assert (header, items) == (case["header"], case["items"]), case["name"]
    said = conversation(vectors["conversation"]["steps"])
    assert "identity" in scanner_says(said[0][1])
    results = [data for side, data in said if side == "scanner" and data[0] == 2]
    assert len(results) == 1 and len(record(results[0][5:])[1]) == 33
    print(f"{len(vectors['messages'])} messages, {len(vectors['records'])} records, {len(said)} messages in conversation")


main()
