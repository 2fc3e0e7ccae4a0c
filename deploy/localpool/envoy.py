"""Envoy in front of the picker, configured the ways gateways configure it."""

import dataclasses
import pathlib
import string
import sys

from .deadline import wait_until
from .http import request
from .ports import free_port
from .process import Process

_TEMPLATE = pathlib.Path(__file__).with_name("envoy.yaml")


@dataclasses.dataclass(frozen=True)
class Mode:
    """One way of wiring ext_proc: what is sent to the picker, and how the pick is followed."""

    request_body: str
    response_body: str
    trailers: str
    #: TLS to the picker, certificate not verified.
    tls: bool = False
    #: Dynamic metadata is exchanged with the picker, not only headers.
    metadata: bool = False
    allow_mode_override: bool = False
    #: The pool is a list of known hosts with retries (override_host) instead of ORIGINAL_DST.
    host_list: bool = False


MODES = {
    # What Envoy AI Gateway sets up for an InferencePool.
    "ai-gateway-duplex": Mode("FULL_DUPLEX_STREAMED", "FULL_DUPLEX_STREAMED", "SEND", tls=True),
    # The same with its pool annotations `processing-body-mode: buffered` and `allow-mode-override: "true"`.
    "ai-gateway-buffered": Mode("BUFFERED", "BUFFERED", "SEND", tls=True, allow_mode_override=True),
    # The pick is followed by the override_host load balancer, with fallbacks and served-endpoint feedback.
    "override-host": Mode("FULL_DUPLEX_STREAMED", "FULL_DUPLEX_STREAMED", "SEND", metadata=True, host_list=True),
    # Request bodies only, one way.
    "streamed": Mode("STREAMED", "NONE", "SKIP", metadata=True),
    # The picker sees no bodies at all.
    "headers-only": Mode("NONE", "NONE", "SKIP", metadata=True),
}

_TLS = """
    transport_socket:
      name: envoy.transport_sockets.tls
      typed_config:
        "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext
        common_tls_context: {validation_context: {}}"""

_METADATA = """
              metadata_options:
                forwarding_namespaces: {untyped: [envoy.lb, envoy.lb.subset_hint]}
                receiving_namespaces: {untyped: [envoy.lb]}"""

_ORIGINAL_DST = """
    type: ORIGINAL_DST
    lb_policy: CLUSTER_PROVIDED
    connect_timeout: 10s
    original_dst_lb_config: {use_http_header: true, http_header_name: x-gateway-destination-endpoint}"""

_HOST_LIST = """
    type: STATIC
    connect_timeout: 2s
    load_balancing_policy:
      policies:
      - typed_extension_config:
          name: envoy.load_balancing_policies.override_host
          typed_config:
            "@type": type.googleapis.com/envoy.extensions.load_balancing_policies.override_host.v3.OverrideHost
            override_host_sources:
            - metadata: {key: envoy.lb, path: [{key: x-gateway-destination-endpoint}]}
            - header: x-gateway-destination-endpoint
            selected_host_key: {key: envoy.lb, path: [{key: x-gateway-destination-endpoint-served}]}
            fallback_policy:
              policies:
              - typed_extension_config:
                  name: envoy.load_balancing_policies.round_robin
                  typed_config:
                    "@type": type.googleapis.com/envoy.extensions.load_balancing_policies.round_robin.v3.RoundRobin
    load_assignment:
      cluster_name: pool
      endpoints:
      - lb_endpoints:"""


def _host(endpoint):
    address, port = endpoint.rsplit(":", 1)
    return f"\n        - endpoint: {{address: {{socket_address: {{address: {address}, port_value: {port}}}}}}}"


#: Envoy asks each replica of the picker whether it is ready, several times a second.
_HEALTH_CHECKS = """\
    health_checks:
    - timeout: 1s
      interval: 0.2s
      no_traffic_interval: 0.2s
      unhealthy_threshold: 1
      healthy_threshold: 1
      grpc_health_check: {service_name: readiness}
"""


def _health_port(port):
    return "" if port is None else f", health_check_config: {{port_value: {port}}}"


def _replica(ports):
    port, health_port = ports
    address = f"{{socket_address: {{address: 127.0.0.1, port_value: {port}}}}}"
    return f"\n        - {{endpoint: {{address: {address}{_health_port(health_port)}}}}}"


def configuration(
    mode,
    *,
    port,
    admin_port,
    picker_port,
    endpoints=(),
    max_picker_requests=None,
    health_port=None,
    replicas=(),
    authority=None,
):
    """The Envoy configuration (YAML) for `mode`. `endpoints` matter only where the mode lists the pool's hosts, and
    `authority` is what the picker is called."""
    return string.Template(_TEMPLATE.read_text()).substitute(
        port=port,
        admin_port=admin_port,
        picker_port=picker_port,
        authority="" if authority is None else f', authority: "{authority}"',
        request_body=mode.request_body,
        response_body=mode.response_body,
        trailers=mode.trailers,
        allow_mode_override=str(mode.allow_mode_override).lower(),
        metadata_options=_METADATA if mode.metadata else "",
        retry_policy=', retry_policy: {retry_on: "connect-failure,reset", num_retries: 2}' if mode.host_list else "",
        transport_socket=_TLS if mode.tls else "",
        circuit_breakers=""
        if max_picker_requests is None
        else f"\n    circuit_breakers: {{thresholds: [{{max_requests: {max_picker_requests}}}]}}",
        health_checks="" if health_port is None else _HEALTH_CHECKS,
        health_port=_health_port(health_port),
        more_pickers="".join(map(_replica, replicas)),
        pool=_HOST_LIST + "".join(map(_host, endpoints)) if mode.host_list else _ORIGINAL_DST,
    )


class Envoy:
    """An Envoy process with one worker thread that asks the picker at `picker_port` where each request goes."""

    def __init__(
        self,
        log_directory,
        picker_port,
        mode="ai-gateway-duplex",
        *,
        endpoints=(),
        port=None,
        admin_port=None,
        binary=None,
        name="envoy",
        max_picker_requests=None,
        health_port=None,
        replicas=(),
        authority=None,
    ):
        self.port = free_port(preferred=port)
        self.admin_port = free_port(preferred=admin_port)
        self.configuration_path = pathlib.Path(log_directory) / f"{name}.yaml"
        self.configuration_path.write_text(
            configuration(
                MODES[mode],
                port=self.port,
                admin_port=self.admin_port,
                picker_port=picker_port,
                endpoints=endpoints,
                max_picker_requests=max_picker_requests,
                health_port=health_port,
                replicas=replicas,
                authority=authority,
            )
        )
        command = [
            binary or pathlib.Path(sys.executable).with_name("envoy"),
            "--config-path",
            self.configuration_path,
            "--concurrency",
            1,
            "--disable-hot-restart",
            "--log-level",
            "warning",
        ]
        self.process = Process(name, command, log_directory)

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    @property
    def admin_address(self):
        return f"127.0.0.1:{self.admin_port}"

    def wait_ready(self, timeout=20.0):
        wait_until(
            lambda: request(self.admin_address, "/ready", timeout=2).status == 200,
            "Envoy is ready",
            timeout,
            processes=[self.process],
        )
        return self

    def stat(self, name):
        """The value of one counter or gauge; 0 if Envoy has not made it yet."""
        answer = request(self.admin_address, f"/stats?filter=^{name}$", timeout=5)
        for line in answer.text.splitlines():
            found, _, value = line.partition(": ")
            if found == name:
                return int(value)
        return 0

    @property
    def streams_failed(self):
        """How many ext_proc streams Envoy gave up on."""
        return self.stat("http.inference.ext_proc.streams_failed")

    def stop(self):
        return self.process.stop()
