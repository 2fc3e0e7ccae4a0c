"""A stand-in for a Kubernetes API server: real HTTPS, lists in pages, chunked watches, and trouble on request.

Our own because kmock, the mock server on PyPI, has no resource versions, label selectors, pages, bookmarks or 410
answers, which are what a client of watches has to get right, and because no mock cuts a line in half.
"""

from .objects import inference_pool, inference_pool_v1alpha2, objective, pod, rewrite
from .server import APIServer
from .store import Store

__all__ = [
    "APIServer",
    "Store",
    "inference_pool",
    "inference_pool_v1alpha2",
    "objective",
    "pod",
    "rewrite",
]
