"""What model servers answer, and what it says about its cost."""

import json

#: Prompt, completion and cached tokens that every reply here reports.
COST = (17, 5, 12)


def _json(document):
    return json.dumps(document, ensure_ascii=False).encode()


def events(*data, newline=b"\n", names=None):
    """A stream of server-sent events."""
    lines = []
    for index, item in enumerate(data):
        if names and names[index]:
            lines.append(b"event: " + names[index].encode() + newline)
        lines.append(b"data: " + (item if isinstance(item, bytes) else _json(item)) + newline + newline)
    return b"".join(lines)


def openai_usage(prompt="prompt", completion="completion", **more):
    prompt_tokens, completion_tokens, cached = COST
    return {
        f"{prompt}_tokens": prompt_tokens,
        f"{completion}_tokens": completion_tokens,
        "total_tokens": prompt_tokens + completion_tokens,
        f"{prompt}_tokens_details": {"cached_tokens": cached},
        **more,
    }


def chunk(text, model="m", **more):
    return {"object": "chat.completion.chunk", "model": model, "choices": [{"delta": {"content": text}}], **more}


CHAT = _json({"id": "1", "object": "chat.completion", "model": "m", "choices": [], "usage": openai_usage()})
COMPLETION = _json({"object": "text_completion", "choices": [{"text": '{"usage": {}}'}], "usage": openai_usage()})
RESPONSE = _json({"object": "response", "output": [], "usage": openai_usage("input", "output")})
MESSAGE = _json(
    {
        "type": "message",
        "content": [],
        "usage": {"input_tokens": COST[0], "output_tokens": COST[1], "cache_read_input_tokens": COST[2]},
    }
)
SGLANG = _json(
    {
        "text": "a",
        "meta_info": {"prompt_tokens": COST[0], "completion_tokens": COST[1], "cached_tokens": COST[2]},
    }
)

CHAT_EVENTS = [chunk("a", usage=None), chunk("b", usage=None), {"choices": [], "usage": openai_usage()}, b"[DONE]"]
CONTINUOUS = [
    chunk("a", usage={"prompt_tokens": 17, "completion_tokens": 1, "total_tokens": 18}),
    chunk("b", usage={"prompt_tokens": 17, "completion_tokens": 2, "total_tokens": 19}),
    chunk("c", usage=openai_usage()),
    b"[DONE]",
]
RESPONSE_EVENTS = [
    {"type": "response.output_text.delta", "delta": "a"},
    {"type": "response.output_text.delta", "delta": "b"},
    {"type": "response.completed", "response": {"usage": openai_usage("input", "output")}},
]
MESSAGE_EVENTS = [
    {
        "type": "message_start",
        "message": {"usage": {"input_tokens": COST[0], "cache_read_input_tokens": COST[2], "output_tokens": 1}},
    },
    {"type": "content_block_delta", "delta": {"text": "a"}},
    {"type": "content_block_delta", "delta": {"text": "b"}},
    {"type": "message_delta", "usage": {"output_tokens": COST[1]}},
    {"type": "message_stop"},
]


def _field(number, data):
    """A length-delimited field of protobuf."""
    return bytes([number << 3 | 2, len(data)]) + data


def _count(number, value):
    return bytes([number << 3, value])


def frame(message):
    return b"\0" + len(message).to_bytes(4, "big") + message


#: vLLM's GenerateResponse, a chunk and the complete answer, and its EmbedResponse.
VLLM_FRAMES = frame(_field(1, _field(1, b"\1\2") + _count(2, COST[0]) + _count(3, 1))) + frame(
    _field(2, _field(1, b"\3") + _count(3, COST[0]) + _count(4, COST[1]) + _count(5, COST[2]))
)
