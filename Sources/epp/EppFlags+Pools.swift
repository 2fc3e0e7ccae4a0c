import EndpointPicker

extension EppFlags {
  /// The names given, each once.
  var poolNames: [String] {
    var names: [String] = []
    for name in poolName.flatMap({ $0.split(separator: ",") }).map(String.init) where !names.contains(name) {
      names.append(name)
    }
    return names
  }

  /// Which pools are served, where it may be more than one.
  /// - Parameter options: the process's options as far as they are known: ports and limits.
  func poolOptions(_ options: ProcessOptions) throws -> PoolOptions {
    var pools = PoolOptions()
    pools.names = poolNames
    if !poolSelector.isEmpty {
      guard poolNames.isEmpty else { throw ProcessError("give one of --pool-name and --pool-selector") }
      pools.selection = try PoolOptions.selection(poolSelector)
    }
    pools.configurations = try PoolOptions.values(poolConfig, flag: "pool-config").mapValues { .file(path: $0) }
    for (name, text) in try PoolOptions.values(poolPort, flag: "pool-port") {
      guard let number = Int(text) else { throw ProcessError("--pool-port: \"\(text)\" of \"\(name)\" is not a port") }
      pools.ports[name] = try port(number, "pool-port")
    }
    pools.maxBufferedBytes =
      poolMaxBufferedBytes.isEmpty
      ? max(1, options.maxBufferedBytes / 2) : try bytes(poolMaxBufferedBytes, "pool-max-buffered-bytes")
    guard !pools.isSeveral || !given.contains("endpoints") else {
      throw ProcessError("--endpoints are those of one pool; give one --pool-name")
    }
    try pools.check(otherPorts: [
      ("grpc-port", options.grpcPort), ("grpc-health-port", options.healthPort), ("metrics-port", options.metricsPort),
    ])
    return pools
  }
}
