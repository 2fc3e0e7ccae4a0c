"""Request bodies."""

import itertools
import json

MODEL = "sim-model"

_serial = itertools.count()


def unique(prefix="question"):
    """A prompt that shares no cacheable prefix with any other."""
    return f"{next(_serial):08d} is the number of this {prefix}. " * 4


def chat(prompt, **fields):
    return {"model": MODEL, "max_tokens": 4, "messages": [{"role": "user", "content": prompt}], **fields}


def chat_bytes(prompt, **fields):
    return json.dumps(chat(prompt, **fields), ensure_ascii=False).encode()


def chat_of_size(size):
    """A valid chat body of exactly `size` bytes, its text never repeating."""
    empty = len(chat_bytes(""))
    text = "".join(f"{number:08x} " for number in range(size // 9 + 1))
    body = chat_bytes(text[: size - empty])
    assert len(body) == size
    return body


def fnv1a64(data):
    """The FNV-1a hash (64 bits) as lower-case hex, as the simulated servers report it of a body they received."""
    value = 0xCBF29CE484222325
    for byte in data:
        value = ((value ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return f"{value:016x}"
