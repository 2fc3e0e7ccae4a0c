"""The metrics of the Endpoint Picker's process contract: names, types, labels and buckets that dashboards rely on."""

L = (
    "0.005 0.025 0.05 0.1 0.2 0.4 0.6 0.8 1 1.25 1.5 2 3 4 5 6 8 10 15 20 30 45 60 120 180 240 300 360 480 600 900 "
    "1200 1800 2700 3600"
)
LATE = "0.005 0.025 0.05 0.1 0.2 0.4 0.6 0.8 1 1.25 1.5 2 3 4 5 6 8 10 15 20 30 45 60 120"
T = "0.0005 0.00205 0.005 0.01 0.02 0.04 0.06 0.08 0.1 0.125 0.15 0.2 0.3 0.4 0.5 0.6 0.8 1 2"
ITL = "0.001 0.005 0.01 0.02 0.04 0.06 0.08 0.1 0.15 0.2 0.3 0.5 0.75 1 2"
S = "0.0001 0.0002 0.0005 0.001 0.002 0.005 0.01 0.02 0.05 0.1"
B = (
    "64 128 256 512 1024 2048 4096 8192 16384 32768 65536 131072 262144 524288 1048576 2097152 4194304 8388608 "
    "16777216 33554432 67108864 134217728 268435456 536870912 1073741824"
)
R = "1 8 16 32 64 128 256 512 1024 2048 4096 8192 16384 32778 65536"
K = R + " 131072 262144 524288 1048576"
O = "1 8 16 32 64 128 256 512 1024 2048 4096 8192"
N = "0.001 0.002 0.005 0.01 0.02 0.05 0.1 0.2 0.5 1 2 5 10"
REQUEST = "0.0005 0.001 0.002 0.005 0.01 0.015 0.025 0.04 0.06 0.1 0.25 0.5 1 2.5 5 10"
RESPONSE = "0.0001 0.00025 0.0005 0.001 0.0025 0.005 0.01 0.025 0.05 0.1 0.25 0.5 1 2.5 5"
RATIO = "0 0.1 0.2 0.3 0.4 0.5 0.6 0.7 0.8 0.9 1"
HIT = "0 16 32 64 128 256 512 1024 2048 4096 8192 16384 32768 65536"

M = "model_name target_model_name"
F = M + " fairness_id priority"
ATTEMPT = "status target_model_name {} namespace port"
PLUGIN = "extension_point plugin_type plugin_name"
INDEXER = "plugin_name plugin_type"
IN_FLIGHT = "endpoint_name namespace producer_name fairness_id priority"

Q = "0.0001 0.0005 0.001 0.005 0.01 0.025 0.05 0.1 0.25 0.5 1 2.5 5 10 30 60"
FLOW = "fairness_id priority"
POOL = "inference_pool " + M

#: The reference's names: type, labels, buckets.
OLDER = {
    "inference_objective_request_total": ("counter", M + " priority", None),
    "inference_objective_request_error_total": ("counter", M + " error_code", None),
    "inference_objective_request_duration_seconds": ("histogram", M, L),
    "inference_objective_request_sizes": ("histogram", M, B),
    "inference_objective_response_sizes": ("histogram", M, R),
    "inference_objective_input_tokens": ("histogram", M, K),
    "inference_objective_output_tokens": ("histogram", M, O),
    "inference_objective_prompt_cached_tokens": ("histogram", M, K),
    "inference_objective_running_requests": ("gauge", "model_name", None),
    "inference_objective_normalized_time_per_output_token_seconds": ("histogram", M, N),
    "inference_pool_average_kv_cache_utilization": ("gauge", "name", None),
    "inference_pool_average_queue_size": ("gauge", "name", None),
    "inference_pool_average_running_requests": ("gauge", "name", None),
    "inference_pool_ready_pods": ("gauge", "name", None),
    "inference_pool_per_pod_queue_size": ("gauge", "name model_server_pod", None),
    "inference_extension_scheduler_e2e_duration_seconds": ("histogram", "", S),
    "inference_extension_scheduler_attempts_total": ("counter", ATTEMPT.format("pod_name"), None),
    "inference_extension_plugin_duration_seconds": ("histogram", PLUGIN, S),
    "inference_extension_prefix_indexer_size": ("gauge", "", None),
    "inference_extension_prefix_indexer_hit_ratio": ("histogram", "", RATIO),
    "inference_extension_prefix_indexer_hit_bytes": ("histogram", "", HIT),
    "inference_extension_info": ("gauge", "commit build_ref", None),
    "inference_extension_flow_control_pool_saturation": ("gauge", "inference_pool", None),
    "llm_d_inference_scheduler_datalayer_poll_errors_total": ("counter", "source_type", None),
    "llm_d_inference_scheduler_datalayer_extract_errors_total": ("counter", "source_type extractor_type", None),
}

#: The llm-d router's names, which stay.
NEWER = {
    "llm_d_epp_request_total": ("counter", F, None),
    "llm_d_epp_request_error_total": ("counter", F + " error_code", None),
    "llm_d_epp_request_duration_seconds": ("histogram", F, L),
    "llm_d_epp_request_size_bytes": ("histogram", F, B),
    "llm_d_epp_response_size_bytes": ("histogram", F, R),
    "llm_d_epp_request_input_tokens": ("histogram", F, K),
    "llm_d_epp_request_cached_tokens": ("histogram", F, K),
    "llm_d_epp_request_output_tokens": ("histogram", F, O),
    "llm_d_epp_request_running": ("gauge", F, None),
    "llm_d_epp_request_ntpot_seconds": ("histogram", F, N),
    "llm_d_epp_request_ttft_seconds": ("histogram", F + " streaming", LATE),
    "llm_d_epp_request_streaming_tpot_seconds": ("histogram", F, T),
    "llm_d_epp_request_streaming_itl_seconds": ("histogram", F, ITL),
    "llm_d_epp_average_kv_cache_utilization": ("gauge", "name", None),
    "llm_d_epp_average_queue_size": ("gauge", "name", None),
    "llm_d_epp_average_running_requests": ("gauge", "name", None),
    "llm_d_epp_std_dev_kv_cache_utilization": ("gauge", "name", None),
    "llm_d_epp_std_dev_queue_size": ("gauge", "name", None),
    "llm_d_epp_std_dev_running_requests": ("gauge", "name", None),
    "llm_d_epp_ready_endpoints": ("gauge", "name", None),
    "llm_d_epp_per_endpoint_queue_size": ("gauge", "name model_server_endpoint", None),
    "llm_d_epp_scheduler_e2e_duration_seconds": ("histogram", "", S),
    "llm_d_epp_scheduler_attempts_total": ("counter", ATTEMPT.format("endpoint_name"), None),
    "llm_d_epp_plugin_duration_seconds": ("histogram", PLUGIN, S),
    "llm_d_epp_request_processing_duration_seconds": ("histogram", "", REQUEST),
    "llm_d_epp_response_processing_duration_seconds": ("histogram", "", RESPONSE),
    "llm_d_epp_info": ("gauge", "commit build_ref", None),
    "llm_d_epp_flow_control_pool_saturation": ("gauge", "inference_pool stage", None),
    "llm_d_epp_datalayer_poll_errors_total": ("counter", "source_type", None),
    "llm_d_epp_datalayer_extract_errors_total": ("counter", "source_type extractor_type", None),
    "llm_d_epp_inflight_requests": ("gauge", IN_FLIGHT, None),
    "llm_d_epp_inflight_tokens": ("gauge", IN_FLIGHT, None),
    "llm_d_epp_prefix_indexer_size": ("gauge", INDEXER, None),
    "llm_d_epp_prefix_indexer_hit_ratio": ("histogram", INDEXER, RATIO),
    "llm_d_epp_prefix_indexer_hit_bytes": ("histogram", INDEXER, HIT),
    "llm_d_epp_extproc_streams_inflight": ("gauge", "", None),
    "llm_d_epp_extproc_stream_duration_seconds": ("histogram", "", None),
    "llm_d_epp_extproc_streams_total": ("counter", "code", None),
}

#: Suffixes of the names that flow control has under both prefixes.
FLOW_CONTROL = {
    "flow_control_request_queue_duration_seconds": ("histogram", f"{FLOW} outcome {POOL}", Q),
    "flow_control_dispatch_cycle_duration_seconds": ("histogram", "", S),
    "flow_control_request_enqueue_duration_seconds": ("histogram", f"{FLOW} outcome", S),
    "flow_control_queue_size": ("gauge", f"{FLOW} {POOL}", None),
    "flow_control_queue_bytes": ("gauge", f"{FLOW} {POOL}", None),
}

#: Those that only the llm-d router has.
NEWER_FLOW_CONTROL = {
    "llm_d_epp_flow_control_requests_total": ("counter", "outcome priority inference_pool", None),
    "llm_d_epp_flow_control_capacity_utilization_requests": ("gauge", "priority inference_pool", None),
    "llm_d_epp_flow_control_capacity_utilization_bytes": ("gauge", "priority inference_pool", None),
    "llm_d_epp_flow_control_global_capacity_utilization_requests": ("gauge", "inference_pool", None),
    "llm_d_epp_flow_control_global_capacity_utilization_bytes": ("gauge", "inference_pool", None),
}
