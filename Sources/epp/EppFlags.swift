import ArgumentParser
import EndpointPicker
import FoundationEssentials
import PickerConfiguration

/// The flags, named as the reference's. They are read in every form pflag knows; see ``table``.
struct EppFlags: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "epp",
    abstract: "Picks the model server for each LLM request a proxy asks about, over Envoy's ext_proc API.",
    discussion:
      "Other commands: epp check looks at a proxy's configuration, epp replay compares configurations on a trace.")

  @Option(help: "Port of the ext_proc gRPC service.")
  var grpcPort = 9002
  @Option(help: "Port of the gRPC health service, plain text.")
  var grpcHealthPort = 9003
  @Option(help: "Port of the HTTP server with /metrics.")
  var metricsPort = 9090

  @Option(
    help: """
      Name of the InferencePool to serve; may be given several times. One of several pools is chosen by --pool-port, or \
      by the Service in the stream's :authority that the pool names as its endpoint picker.
      """)
  var poolName: [String] = []
  @Option(
    help: "Serve all InferencePools of the namespace with these labels, also later ones; * for every one.")
  var poolSelector = ""
  @Option(help: "A pool's own EndpointPickerConfig, as POOL=FILE; others have that of --config-file.")
  var poolConfig: [String] = []
  @Option(help: "A port that serves one of several pools, as POOL=PORT.")
  var poolPort: [String] = []
  @Option(help: "Most bytes held in memory for one of several pools; default: half of --max-buffered-bytes.")
  var poolMaxBufferedBytes = ""
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
  @Option(help: "Watch --config-file for changes; SIGHUP has it read again in any case.")
  var enableConfigReload = true
  @Option(help: "An EndpointPickerConfig as text.")
  var configText = ""
  @Option(help: "A built-in configuration: default, or adaptive (the soonest expected first token; no weights).")
  var routingProfile = ""
  @Option(help: "Check the configuration, print it with all defaults filled in, and exit: 0 if it can be used, else 1.")
  var validate = false
  @Option(help: "Allow plugin types that are not settled (newer API version only).")
  var allowExperimentalPlugins = false
  @Option(help: "File with InferenceObjective and InferenceModelRewrite objects; followed while running.")
  var policyFile = ""
  @Option(help: "Make random choices the same in every run; -1 for different ones.")
  var seed = -1
  @Option(help: "Leave endpoints alone for a time whose requests fail, where the configuration does not say.")
  var passiveHealth = true
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
  @Option(help: "File with CA certificates; clients of the ext_proc port must have a certificate signed by one.")
  var clientCaFile = ""
  @Option(help: "Answer health checks on the ext_proc port too.")
  var healthChecking = false

  @Option(
    help: """
      End ext_proc streams with the request, where the proxy buffers request bodies and allows mode overrides.
      """)
  var earlyStreamRelease = false
  @Option(help: "How long new streams are still served after SIGTERM, while health says not to be ready.")
  var drainDelay = "0s"
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
  @Option(help: "Most connections to the ext_proc port; further ones are closed.")
  var maxConnections = 10_000
  @Option(help: "Most streams open on one connection.")
  var maxConcurrentStreams = 100_000
  @Option(help: "Most bytes of the headers of one stream, up to 128Ki; with more it is reset.")
  var maxHeaderBytes = "64Ki"
  @Option(help: "Model names, and tenants, that become values of metrics' labels; later ones are told as other.")
  var maxMetricLabelValues = 1_000
  @Option(help: "Time for the TLS handshake and the first SETTINGS of a connection, in whole seconds; 0s for any.")
  var handshakeTimeout = "10s"
  @Option(help: "Time in which a request must arrive and be answered, in whole seconds; 0s for any.")
  var requestArrivalTimeout = "15m"
  @Option(help: "Time for which a proxy may read nothing of what waits for it, in whole seconds; 0s for any.")
  var stallTimeout = "5m"
  @Option(help: "Streams a proxy may reset before they are answered, per second and connection.")
  var maxUnfinishedResetRate = 10_000
  @Option(help: "Frames that carry nothing, such as PING, per second and connection.")
  var maxControlFrameRate = 20_000
  @Option(help: "Event loops; 0 for one per core.")
  var threads = 0

  @Option(help: "TokenReview and SubjectAccessReview for readers of the metrics port, where there is a Kubernetes API.")
  var metricsEndpointAuth = true
  @Option(help: "Directory with tls.crt and tls.key: TLS on the metrics port.")
  var metricsCertDir = ""
  @Option(help: "Certificates of which clients of the metrics port must present one; needs --metrics-cert-dir.")
  var metricsClientCaFile = ""
  @Option(help: "Expose metrics under the names of the reference as well as under those of the llm-d router.")
  var legacyMetricNames = true
  @Option(help: "Metrics of ext_proc streams by gRPC status.")
  var enableGrpcStreamMetrics = false
  @Option(help: "Measure the plugins of one request in so many; 0 for none.")
  var pluginTimingInterval = 32
  @Option(help: "The dashboard at / of the metrics port.")
  var dashboard = true

  @Option(help: "Let requests with the header x-epp-explain: 1 have their decision in the response.")
  var enableExplain = false
  @Option(help: "Put the scores of all candidates into the dynamic metadata of every decision.")
  var emitEndpointScores = false
  @Option(help: "Most decisions noted in a second; 0 for none.")
  var decisionLogRate = 20
  @Option(help: "Share of the requests that are considered for a note, 0 to 1.")
  var decisionLogShare = 1.0
  @Option(help: "Note the hashes of all prompt blocks rather than of the first.")
  var decisionLogBlockHashes = false
  @Option(help: "File that noted decisions are written to.")
  var decisionLogFile = ""
  @Option(help: "Size at which --decision-log-file is moved aside.")
  var decisionLogMaxFileSize = "64Mi"
  @Option(help: "Files of the decision log that are kept.")
  var decisionLogMaxFiles = 4

  @Option(help: "Verbosity: 0 warnings, 1 to 3 information, 4 debug, 5 trace. Also -v.")
  var v = 2
  @Option(help: "Log encoding: json or console.")
  var zapEncoder = "json"
  @Option(help: .hidden) var zapDevel = false
  @Option(help: "Log level: debug, info, error, or a verbosity; -v counts where both are given.")
  var zapLogLevel = ""
  @Option(help: .hidden) var zapStacktraceLevel = ""
  @Option(help: .hidden) var zapTimeEncoding = ""

  @Option(help: .hidden) var enablePprof = true
  @Option(help: "Trace requests, where OpenTelemetry's environment variables (OTEL_TRACES_EXPORTER, …) ask for it.")
  var tracing = true
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
    case poolSelector, poolConfig, poolPort, poolMaxBufferedBytes
    case endpointTargetPorts, endpoints, disableEndpointSubsetFilter, configFile, configText, strictConfig,
      routingProfile
    case validate, allowExperimentalPlugins, policyFile, seed
    case enableConfigReload, passiveHealth
    case refreshMetricsInterval, refreshPrometheusMetricsInterval, metricsStalenessThreshold, secureServing, certPath
    case enableCertReload, healthChecking, earlyStreamRelease, drainDelay, drainTimeout
    case grpcMaxRecvMsgSize, grpcMaxSendMsgSize
    case maxConnections, maxConcurrentStreams, handshakeTimeout, requestArrivalTimeout, stallTimeout
    case maxUnfinishedResetRate, maxControlFrameRate
    case maxHeaderBytes, maxMetricLabelValues
    case maxBufferedBytesPerConnection, maxBufferedBytes, threads, v, zapEncoder, zapDevel, zapLogLevel
    case metricsCertDir, metricsClientCaFile, legacyMetricNames, enableGrpcStreamMetrics, pluginTimingInterval
    case dashboard, enableExplain, emitEndpointScores, decisionLogRate, decisionLogShare, decisionLogBlockHashes
    case decisionLogFile, decisionLogMaxFileSize, decisionLogMaxFiles
    case zapStacktraceLevel, zapTimeEncoding, metricsEndpointAuth, enablePprof, tracing, haEnableLeaderElection
    case modelServerMetricsScheme, modelServerMetricsPath, modelServerMetricsPort
    case modelServerMetricsHttpsInsecureSkipVerify, totalQueuedRequestsMetric, totalRunningRequestsMetric
    case kvCacheUsagePercentageMetric, loraInfoMetric, cacheInfoMetric, kubeconfig
    case tlsMinVersion, tlsCipherSuites, clientCaFile
  }
}

extension EppFlags {
  /// How each flag is written. pflag's forms (`--flag value`, `--flag=value`, `-v=2`, `--bool`) are brought to the one
  /// that the argument parser reads.
  static let table = GoFlagSet([
    GoFlag("grpc-port", .int), GoFlag("grpc-health-port", .int), GoFlag("metrics-port", .int),
    GoFlag("pool-name", .list), GoFlag("pool-selector", .string), GoFlag("pool-config", .list),
    GoFlag("pool-port", .list), GoFlag("pool-max-buffered-bytes", .string),
    GoFlag("pool-namespace", .string), GoFlag("pool-group", .string),
    GoFlag("endpoint-selector", .string), GoFlag("endpoint-target-ports", .list), GoFlag("endpoints", .list),
    GoFlag("disable-endpoint-subset-filter", .bool),
    GoFlag("config-file", .string), GoFlag("config-text", .string), GoFlag("strict-config", .bool),
    GoFlag("routing-profile", .string),
    GoFlag("validate", .bool), GoFlag("allow-experimental-plugins", .bool), GoFlag("policy-file", .string),
    GoFlag("seed", .int), GoFlag("enable-config-reload", .bool), GoFlag("passive-health", .bool),
    GoFlag("refresh-metrics-interval", .duration), GoFlag("refresh-prometheus-metrics-interval", .duration),
    GoFlag("metrics-staleness-threshold", .duration),
    GoFlag("secure-serving", .bool), GoFlag("cert-path", .string), GoFlag("enable-cert-reload", .bool),
    GoFlag("health-checking", .bool), GoFlag("early-stream-release", .bool),
    GoFlag("max-connections", .int), GoFlag("max-concurrent-streams", .int),
    GoFlag("handshake-timeout", .duration), GoFlag("request-arrival-timeout", .duration),
    GoFlag("stall-timeout", .duration),
    GoFlag("max-unfinished-reset-rate", .int), GoFlag("max-control-frame-rate", .int),
    GoFlag("drain-delay", .duration), GoFlag("drain-timeout", .duration), GoFlag("grpc-max-recv-msg-size", .string),
    GoFlag("grpc-max-send-msg-size", .string), GoFlag("max-buffered-bytes-per-connection", .string),
    GoFlag("max-buffered-bytes", .string), GoFlag("threads", .int), GoFlag("max-header-bytes", .string),
    GoFlag("max-metric-label-values", .int),
    GoFlag("v", shorthand: "v", .int), GoFlag("zap-encoder", .string), GoFlag("zap-devel", .bool),
    GoFlag("zap-log-level", .string), GoFlag("zap-stacktrace-level", .string), GoFlag("zap-time-encoding", .string),
    GoFlag("metrics-cert-dir", .string), GoFlag("metrics-client-ca-file", .string),
    GoFlag("legacy-metric-names", .bool), GoFlag("enable-grpc-stream-metrics", .bool),
    GoFlag("plugin-timing-interval", .int), GoFlag("dashboard", .bool), GoFlag("enable-explain", .bool),
    GoFlag("emit-endpoint-scores", .bool), GoFlag("decision-log-rate", .int), GoFlag("decision-log-share", .string),
    GoFlag("decision-log-block-hashes", .bool), GoFlag("decision-log-file", .string),
    GoFlag("decision-log-max-file-size", .string), GoFlag("decision-log-max-files", .int),
    GoFlag("metrics-endpoint-auth", .bool), GoFlag("enable-pprof", .bool), GoFlag("tracing", .bool),
    GoFlag("ha-enable-leader-election", .bool),
    GoFlag("model-server-metrics-scheme", .string), GoFlag("model-server-metrics-path", .string),
    GoFlag("model-server-metrics-port", .int), GoFlag("model-server-metrics-https-insecure-skip-verify", .bool),
    GoFlag("total-queued-requests-metric", .string), GoFlag("total-running-requests-metric", .string),
    GoFlag("kv-cache-usage-percentage-metric", .string), GoFlag("lora-info-metric", .string),
    GoFlag("cache-info-metric", .string), GoFlag("kubeconfig", .string),
    GoFlag("tls-min-version", .string), GoFlag("tls-cipher-suites", .list), GoFlag("client-ca-file", .string),
  ])

  /// Flags that are on by default in the reference and ask for something that is not there yet.
  private var missingFeatures: [String] {
    [("enable-pprof", enablePprof)].filter { given.contains($0.0) && $0.1 }.map(\.0)
  }

  /// Flags on the command line that change nothing.
  var givenWithoutEffect: [String] { (given.intersection(Self.withoutEffect) + missingFeatures).sorted() }

  /// Flags that charts pass and that change nothing yet.
  private static let withoutEffect: Set<String> = [
    "zap-devel", "zap-stacktrace-level", "zap-time-encoding",
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
    options.modelServerFlags = modelServerFlags
    guard configFile.isEmpty || configText.isEmpty else {
      throw ProcessError("--config-file and --config-text cannot both be given")
    }
    if !configFile.isEmpty { options.configuration = .file(path: configFile) }
    if !configText.isEmpty { options.configuration = .text(configText) }
    if given.contains("routing-profile") { options.configuration = .profile(try namedProfile()) }
    if given.contains("endpoints") { options.endpoints = try EndpointsFlag.parse(endpoints.joined(separator: ",")) }
    options.allowsExperimentalPlugins = allowExperimentalPlugins
    if !policyFile.isEmpty { options.policyFile = policyFile }
    options.policyPool = poolNames.first
    if seed >= 0 { options.seed = UInt64(seed) }
    options.metricsDefaults = try metricsDefaults()
    options.followsSubset = !disableEndpointSubsetFilter
    options.reloadsConfiguration = enableConfigReload
    options.followsPassiveHealth = passiveHealth
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
    options.drainDelay = try duration(drainDelay, "drain-delay", allowsZero: true)
    options.drainTimeout = try duration(drainTimeout, "drain-timeout", allowsZero: true)
    if !grpcMaxRecvMsgSize.isEmpty {
      options.maxMessageBytes = try bytes(grpcMaxRecvMsgSize, "grpc-max-recv-msg-size")
    }
    options.maxBufferedBytesPerConnection = try bytes(
      maxBufferedBytesPerConnection, "max-buffered-bytes-per-connection")
    options.maxBufferedBytes = try bytes(maxBufferedBytes, "max-buffered-bytes")
    options.maxMetricLabelValues = try count(maxMetricLabelValues, "max-metric-label-values", 1...1_000_000)
    options.pools = try poolOptions(options)
    options.connections = try connectionLimits()
    guard (0...1_024).contains(threads) else { throw ProcessError("--threads must be 0 to 1024, not \(threads)") }
    options.threads = threads
    options.exposesOlderMetricNames = legacyMetricNames
    options.countsStreams = enableGrpcStreamMetrics
    options.pluginTimingInterval = try count(pluginTimingInterval, "plugin-timing-interval", 0...1_000_000)
    options.metricsCertificateDirectory = metricsCertDir
    if given.contains("metrics-endpoint-auth") { options.reviewsMetricsAccess = metricsEndpointAuth }
    options.metricsClientCAFile = metricsClientCaFile
    options.showsDashboard = dashboard
    options.explain = try explainOptions()
    return options
  }

  private func namedProfile() throws -> RoutingProfile {
    for (flag, value) in [("config-file", configFile), ("config-text", configText)] where !value.isEmpty {
      throw ProcessError("--routing-profile and --\(flag) cannot both be given: each is a whole configuration")
    }
    guard let profile = RoutingProfile(rawValue: routingProfile) else {
      let names = RoutingProfile.allCases.map(\.rawValue).joined(separator: " or ")
      throw ProcessError("--routing-profile must be \(names), not \"\(routingProfile)\"")
    }
    return profile
  }

  private func metricsDefaults() throws -> MetricsSourceDefaults {
    var defaults = MetricsSourceDefaults()
    guard ["http", "https"].contains(modelServerMetricsScheme) else {
      throw ProcessError("--model-server-metrics-scheme must be http or https, not \"\(modelServerMetricsScheme)\"")
    }
    defaults.scheme = modelServerMetricsScheme
    defaults.path = modelServerMetricsPath
    if modelServerMetricsPort != 0 {
      defaults.port = UInt16(try port(modelServerMetricsPort, "model-server-metrics-port"))
    }
    defaults.insecureSkipVerify = modelServerMetricsHttpsInsecureSkipVerify
    return defaults
  }

  private func explainOptions() throws -> ExplainOptions {
    var options = ExplainOptions()
    options.answersRequests = enableExplain
    options.emitsEndpointScores = emitEndpointScores
    options.decisionsPerSecond = try count(decisionLogRate, "decision-log-rate", 0...1_000_000)
    guard (0...1).contains(decisionLogShare) else {
      throw ProcessError("--decision-log-share must be 0 to 1, not \(decisionLogShare)")
    }
    options.share = decisionLogShare
    options.notesBlockHashes = decisionLogBlockHashes
    options.file = decisionLogFile
    options.maximumFileBytes = try bytes(decisionLogMaxFileSize, "decision-log-max-file-size")
    options.maximumFiles = try count(decisionLogMaxFiles, "decision-log-max-files", 1...1_000)
    return options
  }

  func count(_ value: Int, _ name: String, _ range: ClosedRange<Int>) throws -> Int {
    guard range.contains(value) else {
      throw ProcessError("--\(name) must be \(range.lowerBound) to \(range.upperBound), not \(value)")
    }
    return value
  }

  /// The verbosity that `-v` or `--zap-log-level` asks for.
  /// - Throws: for a level that is neither a name nor a number.
  func verbosity() throws -> Int {
    guard !zapLogLevel.isEmpty, !given.contains("v") else { return v }
    switch zapLogLevel {
    case "debug": return 4
    case "info": return 2
    case "error": return 0
    default:
      guard let level = Int(zapLogLevel), level >= 0 else {
        throw ProcessError("--zap-log-level must be debug, info, error or a number, not \"\(zapLogLevel)\"")
      }
      return level
    }
  }

  func port(_ value: Int, _ name: String) throws -> Int {
    guard (1...65_535).contains(value) else { throw ProcessError("--\(name) must be 1 to 65535, not \(value)") }
    return value
  }

  func duration(_ text: String, _ name: String, allowsZero: Bool = false) throws -> Duration {
    guard let value = GoDuration(text), value.seconds > 0 || (allowsZero && value.seconds == 0) else {
      throw ProcessError("--\(name) must be a positive duration such as 50ms, not \"\(text)\"")
    }
    return value.duration
  }

  /// A Kubernetes quantity; a trailing `B` is allowed.
  func bytes(_ text: String, _ name: String) throws -> Int {
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
