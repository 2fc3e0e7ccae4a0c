import Kubernetes

/// How pools in Kubernetes are found, as the flags say.
public struct KubernetesOptions: Sendable, Hashable {
  /// What the pool is.
  public enum Pool: Sendable, Hashable {
    /// InferencePools of these API groups, the first one that has the name counts.
    case named(groups: [String])
    /// Pods with labels, without an InferencePool.
    case selected(LabelSelector, targetPorts: [UInt16])
  }

  /// Path of a kubeconfig; empty for `KUBECONFIG` or the pod's service account.
  public var kubeconfig = ""
  /// The namespace of the pools and all that belongs to them.
  public var namespace = Self.defaultNamespace
  /// The namespace where nothing says another.
  public static let defaultNamespace = "default"
  /// What the pool is.
  public var pool: Pool
  /// Whether only one of several replicas reports to be ready.
  public var electsLeader = false

  /// Describes where the pool is.
  public init(pool: Pool) {
    self.pool = pool
  }

  /// Reads the flags that say what the pool is.
  /// - Parameters:
  ///   - name: value of `--pool-name`, or any text where pools are found by their labels.
  ///   - group: value of `--pool-group`; nil when it was not given, which means every group that has InferencePools.
  ///   - ports: values of `--endpoint-target-ports`.
  /// - Throws: ``ProcessError`` naming the flag.
  public static func pool(name: String, group: String?, selector: String, ports: [String]) throws -> Pool {
    guard name.isEmpty != selector.isEmpty else {
      throw ProcessError("give one of --pool-name, --pool-selector and --endpoint-selector")
    }
    guard selector.isEmpty else {
      do {
        return .selected(try LabelSelector(selector), targetPorts: try targetPorts(ports))
      } catch let error as LabelSelector.Failure {
        throw ProcessError("--endpoint-selector: \(error)")
      }
    }
    guard ports.isEmpty else {
      throw ProcessError("--endpoint-target-ports goes with --endpoint-selector; an InferencePool has its own ports")
    }
    guard let group else { return .named(groups: [ResourceType.stableGroup, ResourceType.experimentalGroup]) }
    guard ResourceType.inferencePools(group: group) != nil else {
      throw ProcessError(
        "--pool-group must be \(ResourceType.stableGroup) or \(ResourceType.experimentalGroup), not \"\(group)\"")
    }
    return .named(groups: [group])
  }

  private static func targetPorts(_ texts: [String]) throws -> [UInt16] {
    var ports: [UInt16] = []
    for text in texts.flatMap({ $0.split(separator: ",", omittingEmptySubsequences: false) }) {
      guard let port = UInt16(text), port > 0 else {
        throw ProcessError("--endpoint-target-ports: \"\(text)\" is not a port from 1 to 65535")
      }
      if !ports.contains(port) { ports.append(port) }
    }
    guard (1...8).contains(ports.count) else {
      throw ProcessError("--endpoint-selector needs --endpoint-target-ports with 1 to 8 ports")
    }
    return ports
  }

  /// Name of a pool that is none: that of the Deployment whose pod this is, told by `POD_NAME`.
  public static func deploymentName(ofPod pod: String) -> String? {
    guard let match = pod.wholeMatch(of: /(.+)-[a-z0-9]+-[a-z0-9]+/) else { return nil }
    return String(match.1)
  }
}
