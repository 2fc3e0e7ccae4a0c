import Endpoints
import GRPC
import PickerConfiguration
import RequestTracing

/// How the process runs, as its flags say.
public struct ProcessOptions: Sendable {
  /// Port of the ext_proc service.
  public var grpcPort = 9002
  /// Port of the health service.
  public var healthPort = 9003
  /// Port of the HTTP server with `/metrics`.
  public var metricsPort = 9090
  /// Name of the pool, for metrics.
  public var poolName = "epp"
  /// Which pools are served, where it may be more than one.
  public var pools = PoolOptions()
  /// Where the configuration comes from.
  public var configuration = EndpointPickerConfig.Origin.builtIn(.llmD)
  /// Whether changes of a configuration file take effect while running.
  public var reloadsConfiguration = true
  /// Endpoints given by flag; nil leaves them to discovery.
  public var endpoints: [EndpointDescriptor]?
  /// The pool in Kubernetes to follow where neither ``endpoints`` nor the configuration says where endpoints are.
  public var kubernetes: KubernetesOptions?
  /// How model servers are scraped, by deprecated flags.
  public var modelServerFlags = ModelServerFlags()
  /// Time between scrapes of an endpoint.
  public var refreshMetricsInterval = Duration.milliseconds(50)
  /// Time between updates of the pool's gauges.
  public var refreshPrometheusMetricsInterval = Duration.seconds(5)
  /// Age from which on an endpoint's metrics are left out of the pool's gauges.
  public var metricsStalenessThreshold = Duration.seconds(2)
  /// Whether the ext_proc port speaks TLS.
  public var secureServing = true
  /// Directory with `tls.crt` and `tls.key`; empty for a self-signed certificate.
  public var certificateDirectory = ""
  /// Whether changes of the files there take effect while running.
  public var reloadsCertificate = false
  /// What TLS on the ext_proc port allows.
  public var tls = ServerTLSOptions()
  /// Whether the ext_proc port answers health checks too.
  public var healthChecking = false
  /// Whether the proxy's subset of candidates is followed.
  public var followsSubset = true
  /// End streams when the request was answered, where the proxy buffers request bodies and allows mode overrides.
  public var releasesStreamsEarly = false
  /// How long a process that was told to end still serves new streams, while its health service says not to be ready.
  public var drainDelay = Duration.zero
  /// How long open streams may go on after a termination signal.
  public var drainTimeout = Duration.seconds(30)
  /// Largest message and request body accepted, in bytes.
  public var maxMessageBytes = 64 << 20
  /// Most bytes held in memory for one connection.
  public var maxBufferedBytesPerConnection = 256 << 20
  /// Most bytes held in memory for all connections.
  public var maxBufferedBytes = 1 << 30
  /// Model names, and tenants, that become values of metrics' labels.
  public var maxMetricLabelValues = 1_000
  /// Connections of the ext_proc port and the time their peers have.
  public var connections = ConnectionLimits()
  /// Event loops; 0 for one per core.
  public var threads = 0
  /// Unknown plugin parameters are errors in the older configuration API too.
  public var strictConfiguration = false
  /// Whether documents of the newer configuration API may use plugin types that are not settled.
  public var allowsExperimentalPlugins = false
  /// Whether endpoints whose requests fail are left alone for a time where the configuration does not say.
  public var followsPassiveHealth = true
  /// Whether the environment switches flow control on.
  public var enablesFlowControl = false
  /// What `metrics-data-source` does where its parameters say nothing.
  public var metricsDefaults = MetricsSourceDefaults()
  /// File with the objectives and rewrites in force; nil without.
  public var policyFile: String?
  /// Pool that the policy file's objects must be for, if they name one; nil for any.
  public var policyPool: String?
  /// Makes random choices the same in every run, for tests; nil for different ones.
  public var seed: UInt64?
  /// Whether the metrics' older names are exposed beside the newer ones.
  public var exposesOlderMetricNames = true
  /// Whether ext_proc streams are counted by their gRPC status.
  public var countsStreams = false
  /// One request in so many has its plugins measured; 0 for none.
  public var pluginTimingInterval = 32
  /// Directory with `tls.crt` and `tls.key` of the metrics port; empty for plain text.
  public var metricsCertificateDirectory = ""
  /// Certificates of which clients of the metrics port must have one; empty for none.
  public var metricsClientCAFile = ""
  /// Who may read what the metrics port shows; nil for what ``reviewsMetricsAccess`` says.
  public var metricsAuthorizer: (any MetricsAuthorizer)?
  /// Whether the Kubernetes API is asked who may read what the metrics port shows; nil where a pool is followed in one.
  /// Without one everybody may read, and the log says so where this is true.
  public var reviewsMetricsAccess: Bool?
  /// Whether the metrics port shows the dashboard.
  public var showsDashboard = true
  /// What is told about decisions.
  public var explain = ExplainOptions()

  /// How requests are traced; nil for not at all.
  public var tracing: TracingSettings?

  /// Creates the default options.
  public init() {}
}
