// swift-tools-version: 6.1
import PackageDescription

/// Modules are listed bottom up: a target may depend only on targets above it.
let package = Package(
  name: "epp",
  products: [
    .library(name: "EndpointPicker", targets: ["EndpointPicker"]),
    // The transport core without sockets, for clients such as the load generator.
    .library(name: "GRPCTransport", targets: ["HTTP2", "ByteStorage", "GRPCFraming", "CEnvoyProtos"]),
    .executable(name: "epp", targets: ["epp"]),
    .executable(name: "model-server-sim", targets: ["model-server-sim"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-certificates", from: "1.21.1"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
  ],
  targets: [
    // MARK: C libraries and shims
    .systemLibrary(
      name: "CNghttp2", pkgConfig: "libnghttp2", providers: [.apt(["libnghttp2-dev"])]),
    .systemLibrary(
      name: "CProtobufC", pkgConfig: "libprotobuf-c", providers: [.apt(["libprotobuf-c-dev"])]),
    .target(name: "CEnvoyProtos", dependencies: ["CProtobufC"]),
    .target(
      name: "CAccelerate",
      linkerSettings: [.linkedLibrary("simdjson"), .linkedLibrary("z")]),

    // MARK: Transport
    .target(name: "ByteStorage", dependencies: ["CAccelerate"]),
    .target(name: "HTTP2", dependencies: ["CNghttp2", "ByteStorage"]),
    .target(name: "GRPCFraming", dependencies: ["ByteStorage"]),
    .target(
      name: "GRPC",
      dependencies: [
        "HTTP2", "ByteStorage", "GRPCFraming", "CEnvoyProtos",
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "X509", package: "swift-certificates"),
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "Logging", package: "swift-log"),
      ]),
    .target(name: "ExtProc", dependencies: ["CEnvoyProtos", "ByteStorage"]),
    // Named apart from the module of swift-distributed-tracing, which is in the package graph.
    .target(
      name: "RequestTracing",
      dependencies: [
        "HTTP2",
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "Logging", package: "swift-log"),
      ]),

    // MARK: Requests, endpoints, scheduling
    .target(name: "InferenceAPI", dependencies: ["CAccelerate"]),
    .target(name: "Endpoints", dependencies: ["CAccelerate"]),
    .target(name: "PrefixCache", dependencies: ["CAccelerate"]),
    .target(name: "KVCacheEvents", dependencies: ["CAccelerate"]),
    .target(name: "RequestPolicies"),
    .target(name: "Expressions"),
    .target(name: "FlowControl"),
    // Named apart from the module of swift-configuration, which is in the package graph.
    .target(
      name: "PickerConfiguration",
      dependencies: [.product(name: "Yams", package: "Yams")]),
    .target(
      name: "Scheduling",
      dependencies: [
        "InferenceAPI", "Endpoints", "PrefixCache", "KVCacheEvents", "PickerConfiguration", "Expressions",
        "FlowControl", "CAccelerate",
      ]),

    // MARK: Data layer
    .target(
      name: "ModelServerMetrics",
      dependencies: [
        "Endpoints", "CAccelerate",
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "Logging", package: "swift-log"),
      ]),
    .target(
      name: "Discovery",
      dependencies: ["PickerConfiguration", "RequestPolicies"]),
    .target(
      name: "Kubernetes",
      dependencies: [
        "Endpoints", "RequestPolicies",
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOFoundationEssentialsCompat", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "Yams", package: "Yams"),
      ]),
    .target(
      name: "Telemetry",
      dependencies: [.product(name: "Logging", package: "swift-log")]),

    // MARK: Simulated model servers
    .target(
      name: "ModelServerSimulator",
      dependencies: [
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
      ]),

    // MARK: Tools for operators
    .target(name: "DataPlaneCheck", dependencies: ["PickerConfiguration"]),
    .target(
      name: "Replay",
      dependencies: ["InferenceAPI", "Endpoints", "PickerConfiguration", "Scheduling", "ModelServerSimulator"]),

    // MARK: Assembly
    .target(
      name: "EndpointPicker",
      dependencies: [
        "GRPC", "ExtProc", "InferenceAPI", "Endpoints", "PrefixCache", "KVCacheEvents", "FlowControl", "Scheduling",
        "ModelServerMetrics", "Discovery", "Kubernetes", "PickerConfiguration", "RequestPolicies", "Telemetry",
        "CAccelerate",
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "Crypto", package: "swift-crypto"),
        "RequestTracing",
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "HummingbirdTLS", package: "hummingbird"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        .product(name: "UnixSignals", package: "swift-service-lifecycle"),
      ],
      resources: [.embedInCode("Dashboard/dashboard.html")]),
    .executableTarget(
      name: "epp",
      dependencies: [
        "EndpointPicker", "PickerConfiguration", "Telemetry", "RequestTracing", "DataPlaneCheck", "Replay",
        "CAccelerate",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "Logging", package: "swift-log"),
      ]),

    .executableTarget(
      name: "model-server-sim",
      dependencies: [
        "ModelServerSimulator",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),

    // MARK: Micro-benchmarks
    // Here rather than in the package in Benchmarks, so that they measure what is built for the executable.
    .executableTarget(
      name: "epp-micro",
      dependencies: [
        "ByteStorage", "ExtProc", "GRPCFraming", "InferenceAPI", "Endpoints", "PrefixCache", "KVCacheEvents",
        "Scheduling", "PickerConfiguration", "ModelServerMetrics",
      ],
      path: "Benchmarks/MicroBenchmarks"),

    // MARK: Tests
    .testTarget(name: "HTTP2Tests", dependencies: ["HTTP2"]),
    .testTarget(name: "GRPCTests", dependencies: ["GRPC", "GRPCFraming", "CAccelerate"]),
    .testTarget(name: "ExtProcTests", dependencies: ["ExtProc"]),
    .testTarget(
      name: "RequestTracingTests",
      dependencies: [
        "RequestTracing",
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "Logging", package: "swift-log"),
      ]),
    .testTarget(name: "InferenceAPITests", dependencies: ["InferenceAPI"]),
    .testTarget(name: "EndpointsTests", dependencies: ["Endpoints"]),
    .testTarget(name: "PrefixCacheTests", dependencies: ["PrefixCache"]),
    .testTarget(name: "KVCacheEventsTests", dependencies: ["KVCacheEvents"]),
    .testTarget(name: "RequestPoliciesTests", dependencies: ["RequestPolicies"]),
    .testTarget(name: "ExpressionsTests", dependencies: ["Expressions"]),
    .testTarget(name: "FlowControlTests", dependencies: ["FlowControl"]),
    .testTarget(name: "PickerConfigurationTests", dependencies: ["PickerConfiguration"]),
    .testTarget(name: "SchedulingTests", dependencies: ["Scheduling"]),
    .testTarget(name: "ModelServerMetricsTests", dependencies: ["ModelServerMetrics"]),
    .testTarget(name: "DiscoveryTests", dependencies: ["Discovery"]),
    .testTarget(
      name: "KubernetesTests",
      dependencies: [
        "Kubernetes", "Endpoints", "RequestPolicies",
        .product(name: "NIOCore", package: "swift-nio"),
      ]),
    .testTarget(
      name: "TelemetryTests",
      dependencies: ["Telemetry", .product(name: "Logging", package: "swift-log")]),
    .testTarget(name: "DataPlaneCheckTests", dependencies: ["DataPlaneCheck"]),
    .testTarget(name: "ReplayTests", dependencies: ["Replay"]),
    .testTarget(
      name: "EndpointPickerTests",
      dependencies: [
        "EndpointPicker", "Kubernetes", "KVCacheEvents",
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "NIOEmbedded", package: "swift-nio"),
      ]),
    .testTarget(name: "ModelServerSimulatorTests", dependencies: ["ModelServerSimulator"]),
  ],
  cxxLanguageStandard: .cxx17
)
