"""MurmurHash, two members of the family, for tables whose rows are found by hash.

Both are Austin Appleby's, who gave them to the public domain (https://github.com/aappleby/smhasher).
"""

_MASK = 0xFFFF_FFFF_FFFF_FFFF


def hash_64(data: bytes, seed: int) -> int:
    """Return MurmurHash64A, as spaCy has it for the ids of strings."""
    factor = 0xC6A4_A793_5BD1_E995
    state = seed ^ (len(data) * factor & _MASK)
    whole = len(data) & ~7
    for start in range(0, whole, 8):
        block = int.from_bytes(data[start : start + 8], "little") * factor & _MASK
        block = (block ^ (block >> 47)) * factor & _MASK
        state = (state ^ block) * factor & _MASK
    if whole < len(data):
        state = (state ^ int.from_bytes(data[whole:], "little")) * factor & _MASK
    state = (state ^ (state >> 47)) * factor & _MASK
    return state ^ (state >> 47)


def hash_128(data: bytes, seed: int) -> tuple[int, int]:
    """Return MurmurHash3_x64_128 as two 64-bit numbers, as floret has it for n-grams."""
    first = second = seed
    whole = len(data) & ~15
    for start in range(0, whole, 16):
        first ^= _mixed_first(int.from_bytes(data[start : start + 8], "little"))
        first = (_turned(first, 27) + second) * 5 + 0x52DC_E729 & _MASK
        second ^= _mixed_second(int.from_bytes(data[start + 8 : start + 16], "little"))
        second = (_turned(second, 31) + first) * 5 + 0x3849_5AB5 & _MASK
    tail = data[whole:]
    second ^= _mixed_second(int.from_bytes(tail[8:], "little"))
    first ^= _mixed_first(int.from_bytes(tail[:8], "little"))
    first ^= len(data)
    second ^= len(data)
    first = first + second & _MASK
    second = second + first & _MASK
    first, second = _finished(first), _finished(second)
    first = first + second & _MASK
    return first, second + first & _MASK


_FACTORS = 0x87C3_7B91_1142_53D5, 0x4CF5_AD43_2745_937F


def _mixed_first(block: int) -> int:
    return _turned(block * _FACTORS[0] & _MASK, 31) * _FACTORS[1] & _MASK


def _mixed_second(block: int) -> int:
    return _turned(block * _FACTORS[1] & _MASK, 33) * _FACTORS[0] & _MASK


def _turned(number: int, bits: int) -> int:
    """Return 64 bits, turned to the left."""
    return (number << bits | number >> (64 - bits)) & _MASK


def _finished(number: int) -> int:
    number = (number ^ number >> 33) * 0xFF51_AFD7_ED55_8CCD & _MASK
    number = (number ^ number >> 33) * 0xC4CE_B9FE_1A85_EC53 & _MASK
    return number ^ number >> 33
