import Kubernetes
import PickerConfiguration

/// Which pools the process serves, where it may be more than one.
public struct PoolOptions: Sendable, Hashable {
  /// Which InferencePools of the namespace are served.
  public enum Selection: Sendable, Hashable {
    /// Every one.
    case all
    /// Those with these labels.
    case labelled(LabelSelector)
  }

  /// Names of the pools, each once; with fewer than two and no selection there is one pool, which is all that proxies can
  /// mean.
  public var names: [String] = []
  /// Pools that are found by their labels, also those that appear later; nil for none.
  public var selection: Selection?
  /// Configurations of single pools, by their names.
  public var configurations: [String: EndpointPickerConfig.Origin] = [:]
  /// Ports that serve one pool each, by the pool's name.
  public var ports: [String: Int] = [:]
  /// Most bytes held in memory for the streams of one of several pools.
  public var maxBufferedBytes = 512 << 20

  /// One pool.
  public init() {}

  /// Whether there may be more than one pool.
  public var isSeveral: Bool { names.count > 1 || selection != nil }

  /// Reads a value of `--pool-selector`.
  /// - Throws: ``ProcessError`` naming the flag.
  public static func selection(_ text: String) throws -> Selection {
    if text == "*" { return .all }
    do {
      return .labelled(try LabelSelector(text))
    } catch {
      throw ProcessError("--pool-selector: \(error)")
    }
  }

  /// Reads the values of a flag that says something about single pools, `NAME=VALUE`.
  /// - Throws: ``ProcessError`` naming the flag.
  public static func values(_ texts: [String], flag: String) throws -> [String: String] {
    var values: [String: String] = [:]
    for text in texts.flatMap({ $0.split(separator: ",") }) {
      let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
      guard parts.count == 2 else { throw ProcessError("--\(flag): \"\(text)\" is not of the form POOL=VALUE") }
      guard values.updateValue(parts[1], forKey: parts[0]) == nil else {
        throw ProcessError("--\(flag): \"\(parts[0])\" has two values")
      }
    }
    return values
  }

  /// Checks what was said about single pools.
  /// - Throws: ``ProcessError`` naming the flag.
  public func check(otherPorts: [(flag: String, port: Int)]) throws {
    for (flag, named) in [("pool-config", Array(configurations.keys)), ("pool-port", Array(ports.keys))] {
      guard selection == nil else { continue }
      if let stranger = named.sorted().first(where: { !names.contains($0) }) {
        throw ProcessError("--\(flag): no --pool-name is \"\(stranger)\"")
      }
    }
    var taken = Dictionary(otherPorts.map { ($0.port, "--\($0.flag)") }) { first, _ in first }
    for (name, port) in ports.sorted(by: { $0.key < $1.key }) {
      if let other = taken[port] { throw ProcessError("--pool-port: port \(port) of \"\(name)\" is that of \(other)") }
      taken[port] = "pool \"\(name)\""
    }
  }
}

extension ProcessOptions {
  /// The options with each of the configurations that pools may use: that of all pools first, then those of single ones
  /// by the pools' names. One that no pool uses is left out.
  public var ofEachConfiguration: [ProcessOptions] {
    let isCommonUsed = pools.selection != nil || !pools.names.allSatisfy { pools.configurations[$0] != nil }
    let common = isCommonUsed || pools.configurations.isEmpty ? [self] : []
    return common + pools.configurations.keys.sorted().map { forPool($0) }
  }

  /// The options as they are for one of the pools.
  func forPool(_ name: String) -> ProcessOptions {
    var options = self
    options.poolName = name
    options.policyPool = name
    if let configuration = pools.configurations[name] { options.configuration = configuration }
    return options
  }
}
