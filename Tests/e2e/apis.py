"""A request of every API, written the way no serialiser would write it, and what its API answers."""

import dataclasses
import json

import replies

#: Spaces, escapes, numbers beyond a double and letters of every width: none of it may change on its way.
_ODD = '"seed": 12345678901234567890, "note":"\\u003c\\/ Gr\u00fc\u00dfe \u4e16 \\ud83d\\ude00",  "x" : 1e-7 ,"y":-0.0'


def _body(fields, model=True):
    name = '"model" :  "m", ' if model else ""
    return f"\n {{ {fields} ,\t{name}{_ODD} }} ".encode()


@dataclasses.dataclass(frozen=True)
class Api:
    name: str
    path: str
    body: bytes
    reply: bytes
    #: Server-sent events, or gRPC frames; empty for APIs that answer in one piece only.
    stream: bytes = b""
    content_type: str = "application/json"
    stream_type: str = "text/event-stream"
    #: The body names the model in a member of its own, and that is looked at.
    has_model: bool = True
    #: Prompt, completion and cached tokens of the reply.
    cost: tuple = replies.COST


_PROMPT = '"messages":[{"role":"user","content":"Why?"}]'

APIS = [
    Api(
        "chat",
        "/v1/chat/completions?beta=1",
        _body(_PROMPT),
        replies.CHAT,
        replies.events(*replies.CHAT_EVENTS),
    ),
    Api("completions", "/prefix/v1/completions", _body('"prompt" : "Once"'), replies.COMPLETION),
    Api("completions-tokens", "/v1/completions/", _body('"prompt":[[1, 2,3],[4]]'), replies.COMPLETION),
    Api(
        "responses",
        "/v1/responses",
        _body('"input": "Why?"'),
        replies.RESPONSE,
        replies.events(*replies.RESPONSE_EVENTS, names=[event["type"] for event in replies.RESPONSE_EVENTS]),
    ),
    Api("conversations", "/v1/conversations", _body('"items":[{"type":"message","content":"hi"}]'), replies.RESPONSE),
    Api("embeddings", "/v1/embeddings", _body('"input":["a","b"]'), replies.CHAT),
    Api("images", "/v1/images/generations", _body('"prompt":"a cat"'), replies.RESPONSE),
    Api(
        "messages",
        "/v1/messages",
        _body(f'"max_tokens": 9, {_PROMPT}'),
        replies.MESSAGE,
        replies.events(*replies.MESSAGE_EVENTS, names=[event["type"] for event in replies.MESSAGE_EVENTS]),
    ),
    Api("count-tokens", "/v1/messages/count_tokens", _body(_PROMPT), replies.MESSAGE, has_model=False, cost=(0, 0, 0)),
    Api("vllm", "/inference/v1/generate", _body('"token_ids":[1,2,3],"sampling_params":{}'), replies.CHAT),
    Api("sglang", "/generate", _body('"text": "Once"', model=False), replies.SGLANG, has_model=False),
    Api(
        "vllm-grpc",
        "/vllm.grpc.engine.VllmEngine/Generate",
        # request_id, text, stream.
        replies.frame(b"\x0a\x02id\x1a\x05Once!\x28\x01"),
        replies.VLLM_FRAMES,
        replies.VLLM_FRAMES,
        content_type="application/grpc",
        stream_type="application/grpc",
        has_model=False,
    ),
    Api(
        "vllm-grpc-embed",
        "/vllm.grpc.engine.VllmEngine/Embed",
        replies.frame(b"\x0a\x02id\x12\x07\x12\x05\x01\x02\x03\x04\x05"),
        replies.frame(b"\x10\x11"),
        content_type="application/grpc",
        has_model=False,
        cost=(17, 0, 0),
    ),
]

#: What each API is read by; SGLang's path is read only when its parser is named.
PARSERS = ["openai-parser", "anthropic-parser", "vllmhttp-parser", "vllmgrpc-parser", "sglanghttp-parser"]


def configuration(endpoints=1):
    """Reads all APIs; picks by load, and by what is cached."""
    plugins = [{"type": name} for name in PARSERS]
    plugins += [
        {"type": "prefix-cache-scorer"},
        {"type": "queue-scorer"},
        {"type": "max-score-picker", "parameters": {"maxNumOfEndpoints": endpoints}},
    ]
    scorers = ["prefix-cache-scorer", "queue-scorer", "max-score-picker"]
    return json.dumps(
        {
            "apiVersion": "llm-d.ai/v1alpha1",
            "kind": "EndpointPickerConfig",
            "plugins": plugins,
            "schedulingProfiles": [{"name": "default", "plugins": [{"pluginRef": name} for name in scorers]}],
            "requestHandler": {"parsers": [{"pluginRef": name} for name in PARSERS]},
        }
    )
