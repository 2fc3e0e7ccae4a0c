import ArgumentParser
import EndpointPicker
import FoundationEssentials
import PickerConfiguration

/// The flags, named as the reference's. They are read in every form pflag knows; see ``table``.
struct EppFlags: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "epp",
    abstract: "Picks the model server for each LLM request a proxy asks about, over Envoy's ext_proc API.")

  @Option(help: "Port of the ext_proc gRPC service.")
  var grpcPort = 9002
  @Option(help: "Port of the gRPC health service, plain text.")
  var grpcHealthPort = 9003
  @Option(help: "Port of the HTTP server with /metrics.")
  var metricsPort = 9090

  @Option(help: "Name of the InferencePool to serve.")
  var poolName = ""
  @Option(help: "Namespace of the InferencePool; default: $NAMESPACE, else \"default\".")
  var poolNamespace = ""
  @Option(
    help: """
      API group of the InferencePool: inference.networking.k8s.io (v1) or inference.networking.x-k8s.io (v1alpha2); \
      without it the first that has the pool counts.
      """)
  var poolGroup = ""
  @Option(help: "Label selector of the endpoints, in place of an InferencePool.")
  var endpointSelector = ""
  @Option(help: "Target ports with --endpoint-selector.")
  var endpointTargetPorts: [String] = []
  @Option(help: "File that tells how to reach Kubernetes; default: $KUBECONFIG, else the pod's service account.")
  var kubeconfig = ""
  @Option(help: "Elect one of several replicas by a Lease; only that one reports to be ready.")
  var haEnableLeaderElection = false
  @Option(help: "Endpoints as ip:port,ip:port; no Kubernetes and no file needed.")
  var endpoints: [String] = []
  @Option(help: "Ignore the subset of candidates that a proxy sends.")
  var disableEndpointSubsetFilter = false

  @Option(help: "File with an EndpointPickerConfig.")
  var configFile = ""
  @Option(help: "An EndpointPickerConfig as text.")
  var configText = ""
  @Option(help: "Unknown plugin parameters are errors in the older API version too.")
  var strictConfig = false

  @Option(help: "Time between scrapes of an endpoint.")
  var refreshMetricsInterval = "50ms"
  @Option(help: "Time between updates of the pool's gauges.")
  var refreshPrometheusMetricsInterval = "5s"
  @Option(help: "Age from which on metrics are left out of the pool's gauges.")
  var metricsStalenessThreshold = "2s"

  @Option(help: "TLS on the ext_proc port.")
  var secureServing = true
  @Option(help: "Directory with tls.crt and tls.key; without it a self-signed certificate is made.")
  var certPath = ""
  @Option(help: "Watch --cert-path for changes.")
  var enableCertReload = false
  @Option(help: "Oldest TLS version on the ext_proc port: VersionTLS12 or VersionTLS13.")
  var tlsMinVersion = ""
  @Option(help: "Cipher suites of TLS 1.2 on the ext_proc port.")
  var tlsCipherSuites: [String] = []
  @Option(help: "Answer health checks on the ext_proc port too.")
  var healthChecking = false

  @Option(
    help: """
      End ext_proc streams with the request, where the proxy buffers request bodies and allows mode overrides.
      """)
  var earlyStreamRelease = false
  @Option(help: "How long open streams may go on after a termination signal.")
  var drainTimeout = "30s"
  @Option(help: "Largest message and request body accepted, such as 10MiB; default 64MiB.")
  var grpcMaxRecvMsgSize = ""
  @Option(help: "Accepted for compatibility; answers are never larger than what they answer.")
  var grpcMaxSendMsgSize = ""
  @Option(help: "Most bytes held in memory for one connection.")
  var maxBufferedBytesPerConnection = "256Mi"
  @Option(help: "Most bytes held in memory for all connections.")
  var maxBufferedBytes = "1Gi"
  @Option(help: "Event loops; 0 for one per core.")
  var threads = 0

  @Option(help: "Verbosity: 0 warnings, 1 to 3 information, 4 debug, 5 trace. Also -v.")
  var v = 2
  @Option(help: "Log encoding: json or console.")
  var zapEncoder = "json"
  @Option(help: .hidden) var zapDevel = false
  @Option(help: .hidden) var zapLogLevel = ""
  @Option(help: .hidden) var zapStacktraceLevel = ""
  @Option(help: .hidden) var zapTimeEncoding = ""

  @Option(help: .hidden) var metricsEndpointAuth = true
  @Option(help: .hidden) var enablePprof = true
  @Option(help: .hidden) var tracing = true
  @Option(help: .hidden) var modelServerMetricsScheme = "http"
  @Option(help: .hidden) var modelServerMetricsPath = "/metrics"
  @Option(help: .hidden) var modelServerMetricsPort = 0
  @Option(help: .hidden) var modelServerMetricsHttpsInsecureSkipVerify = true
  @Option(help: .hidden) var totalQueuedRequestsMetric = ""
  @Option(help: .hidden) var totalRunningRequestsMetric = ""
  @Option(help: .hidden) var kvCacheUsagePercentageMetric = ""
  @Option(help: .hidden) var loraInfoMetric = ""
  @Option(help: .hidden) var cacheInfoMetric = ""

  /// Names of the flags on the command line.
  var given: Set<String> = []

  enum CodingKeys: String, CodingKey {
    case grpcPort, grpcHealthPort, metricsPort, poolName, poolNamespace, poolGroup, endpointSelector
    case endpointTargetPorts, endpoints, disableEndpointSubsetFilter, configFile, configText, strictConfig
    case refreshMetricsInterval, refreshPrometheusMetricsInterval, metricsStalenessThreshold, secureServing, certPath
    case enableCertReload, healthChecking, earlyStreamRelease, drainTimeout, grpcMaxRecvMsgSize, grpcMaxSendMsgSize
    case maxBufferedBytesPerConnection, maxBufferedBytes, threads, v, zapEncoder, zapDevel, zapLogLevel
    case zapStacktraceLevel, zapTimeEncoding, metricsEndpointAuth, enablePprof, tracing, haEnableLeaderElection
    case modelServerMetricsScheme, modelServerMetricsPath, modelServerMetricsPort
    case modelServerMetricsHttpsInsecureSkipVerify, totalQueuedRequestsMetric, totalRunningRequestsMetric
    case kvCacheUsagePercentageMetric, loraInfoMetric, cacheInfoMetric, kubeconfig
    case tlsMinVersion, tlsCipherSuites
  }
}

extension EppFlags {
  /// How each flag is written. pflag's forms (`--flag value`, `--flag=value`, `-v=2`, `--bool`) are brought to the one
  /// that the argument parser reads.
  static let table = GoFlagSet([
    GoFlag("grpc-port", .int), GoFlag("grpc-health-port", .int), GoFlag("metrics-port", .int),
    GoFlag("pool-name", .string), GoFlag("pool-namespace", .string), GoFlag("pool-group", .string),
    GoFlag("endpoint-selector", .string), GoFlag("endpoint-target-ports", .list), GoFlag("endpoints", .list),
    GoFlag("disable-endpoint-subset-filter", .bool),
    GoFlag("config-file", .string), GoFlag("config-text", .string), GoFlag("strict-config", .bool),
    GoFlag("refresh-metrics-interval", .duration), GoFlag("refresh-prometheus-metrics-interval", .duration),
    GoFlag("metrics-staleness-threshold", .duration),
    GoFlag("secure-serving", .bool), GoFlag("cert-path", .string), GoFlag("enable-cert-reload", .bool),
    GoFlag("health-checking", .bool), GoFlag("early-stream-release", .bool),
    GoFlag("drain-timeout", .duration), GoFlag("grpc-max-recv-msg-size", .string),
    GoFlag("grpc-max-send-msg-size", .string), GoFlag("max-buffered-bytes-per-connection", .string),
    GoFlag("max-buffered-bytes", .string), GoFlag("threads", .int),
    GoFlag("v", shorthand: "v", .int), GoFlag("zap-encoder", .string), GoFlag("zap-devel", .bool),
    GoFlag("zap-log-level", .string), GoFlag("zap-stacktrace-level", .string), GoFlag("zap-time-encoding", .string),
    GoFlag("metrics-endpoint-auth", .bool), GoFlag("enable-pprof", .bool), GoFlag("tracing", .bool),
    GoFlag("ha-enable-leader-election", .bool),
    GoFlag("model-server-metrics-scheme", .string), GoFlag("model-server-metrics-path", .string),
    GoFlag("model-server-metrics-port", .int), GoFlag("model-server-metrics-https-insecure-skip-verify", .bool),
    GoFlag("total-queued-requests-metric", .string), GoFlag("total-running-requests-metric", .string),
    GoFlag("kv-cache-usage-percentage-metric", .string), GoFlag("lora-info-metric", .string),
    GoFlag("cache-info-metric", .string), GoFlag("kubeconfig", .string),
    GoFlag("tls-min-version", .string), GoFlag("tls-cipher-suites", .list),
  ])

  /// Flags that are on by default in the reference and ask for something that is not there yet.
  private var missingFeatures: [String] {
    [
      ("metrics-endpoint-auth", metricsEndpointAuth), ("enable-pprof", enablePprof), ("tracing", tracing),
    ].filter { given.contains($0.0) && $0.1 }.map(\.0)
  }

  /// Flags on the command line that change nothing.
  var givenWithoutEffect: [String] { (given.intersection(Self.withoutEffect) + missingFeatures).sorted() }

  /// Flags that charts pass and that change nothing yet.
  private static let withoutEffect: Set<String> = [
    "zap-devel", "zap-log-level", "zap-stacktrace-level", "zap-time-encoding",
    "model-server-metrics-https-insecure-skip-verify",
  ]

  /// The options for the process.
  /// - Throws: when values do not fit together; the message names the flag.
  func options() throws -> ProcessOptions {
    var options = ProcessOptions()
    options.grpcPort = try port(grpcPort, "grpc-port")
    options.healthPort = try port(grpcHealthPort, "grpc-health-port")
    options.metricsPort = try port(metricsPort, "metrics-port")
    let environment = ProcessInfo.processInfo.environment
    options.poolName = poolName(environment)
    options.kubernetes = try kubernetes(environment)
    options.modelServerFlags = try modelServerFlags()
    guard configFile.isEmpty || configText.isEmpty else {
      throw ProcessError("--config-file and --config-text cannot both be given")
    }
    if !configFile.isEmpty { options.configuration = .file(path: configFile) }
    if !configText.isEmpty { options.configuration = .text(configText) }
    if given.contains("endpoints") { options.endpoints = try EndpointsFlag.parse(endpoints.joined(separator: ",")) }
    options.followsSubset = !disableEndpointSubsetFilter
    options.strictConfiguration = strictConfig
    options.refreshMetricsInterval = try duration(refreshMetricsInterval, "refresh-metrics-interval")
    options.refreshPrometheusMetricsInterval = try duration(
      refreshPrometheusMetricsInterval, "refresh-prometheus-metrics-interval")
    options.metricsStalenessThreshold = try duration(metricsStalenessThreshold, "metrics-staleness-threshold")
    options.secureServing = secureServing
    options.certificateDirectory = certPath
    options.reloadsCertificate = enableCertReload
    options.tls = try tlsOptions()
    options.healthChecking = healthChecking
    options.releasesStreamsEarly = earlyStreamRelease
    options.drainTimeout = try duration(drainTimeout, "drain-timeout", allowsZero: true)
    if !grpcMaxRecvMsgSize.isEmpty {
      options.maxMessageBytes = try bytes(grpcMaxRecvMsgSize, "grpc-max-recv-msg-size")
    }
    options.maxBufferedBytesPerConnection = try bytes(
      maxBufferedBytesPerConnection, "max-buffered-bytes-per-connection")
    options.maxBufferedBytes = try bytes(maxBufferedBytes, "max-buffered-bytes")
    guard (0...1_024).contains(threads) else { throw ProcessError("--threads must be 0 to 1024, not \(threads)") }
    options.threads = threads
    return options
  }

  private func port(_ value: Int, _ name: String) throws -> Int {
    guard (1...65_535).contains(value) else { throw ProcessError("--\(name) must be 1 to 65535, not \(value)") }
    return value
  }

  private func duration(_ text: String, _ name: String, allowsZero: Bool = false) throws -> Duration {
    guard let value = GoDuration(text), value.seconds > 0 || (allowsZero && value.seconds == 0) else {
      throw ProcessError("--\(name) must be a positive duration such as 50ms, not \"\(text)\"")
    }
    return value.duration
  }

  /// A Kubernetes quantity; a trailing `B` is allowed.
  private func bytes(_ text: String, _ name: String) throws -> Int {
    guard let value = Quantity(text, allowingByteUnit: true)?.value, value > 0, value <= 1 << 40 else {
      throw ProcessError("--\(name) must be a number of bytes such as 64Mi, not \"\(text)\"")
    }
    return Int(value)
  }
}

extension GoFlagError {
  static func unexpectedArgument(_ word: String) -> any Error {
    ProcessError("unexpected argument \"\(word)\"; epp takes flags only")
  }
}
