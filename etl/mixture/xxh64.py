"""Bytes and a seed -> their XXH64 hash, in plain Python (github.com/Cyan4973/xxHash, doc/xxhash_spec.md)."""

import struct

MASK = 2**64 - 1
_P1, _P2, _P3 = 0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9
_P4, _P5 = 0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5


def xxh64(data: bytes, seed: int) -> int:
    """Return the XXH64 hash of `data` as an unsigned integer."""
    end = len(data) // 32 * 32
    state = (_stripes(data[:end], seed) if end else seed + _P5) + len(data)
    return _avalanche(_tail(data[end:], state))


def _stripes(data: bytes, seed: int) -> int:
    """Return the state after whole stripes of 32 bytes: four lanes, merged."""
    lanes = [seed + _P1 + _P2, seed + _P2, seed, seed - _P1]
    for words in struct.iter_unpack("<4Q", data):
        lanes = [_round(lane, word) for lane, word in zip(lanes, words, strict=True)]
    state = sum(_rotate(lane, bits) for lane, bits in zip(lanes, (1, 7, 12, 18), strict=True))
    for lane in lanes:
        state = (state ^ _round(0, lane)) * _P1 + _P4 & MASK
    return state


def _tail(data: bytes, state: int) -> int:
    """Return the state after the last bytes, fewer than 32 of them: by eight, by four, one by one."""
    while len(data) >= 8:
        state = _rotate(state ^ _round(0, int.from_bytes(data[:8], "little")), 27) * _P1 + _P4
        data = data[8:]
    if len(data) >= 4:
        state = _rotate(state ^ int.from_bytes(data[:4], "little") * _P1, 23) * _P2 + _P3
        data = data[4:]
    for byte in data:
        state = _rotate(state ^ byte * _P5, 11) * _P1
    return state


def _round(lane: int, word: int) -> int:
    return _rotate(lane + word * _P2, 31) * _P1 & MASK


def _rotate(value: int, bits: int) -> int:
    value &= MASK
    return (value << bits | value >> (64 - bits)) & MASK


def _avalanche(state: int) -> int:
    """Return the state with each bit spread over all others."""
    state &= MASK
    state = (state ^ state >> 33) * _P2 & MASK
    state = (state ^ state >> 29) * _P3 & MASK
    return state ^ state >> 32
