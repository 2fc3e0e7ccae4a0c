/// The outcome of a check.
public struct CheckReport: Sendable, Hashable {
  /// A path on which a picker chooses, with what it does.
  public struct Path: Sendable, Hashable {
    /// Where it is.
    public let place: String
    /// Name of the filter.
    public let filter: String
    /// Name of the picker's cluster; nil when Envoy does not manage the connection.
    public let pickerCluster: String?
    /// Name of the cluster that is picked from.
    public let poolCluster: String
    /// What the path does.
    public let facts: PathFacts
  }

  /// What was checked.
  public let source: String
  /// The paths found.
  public let paths: [Path]
  /// The findings, worst first; none twice.
  public let findings: [Finding]

  /// The worst severity among the findings; nil without any.
  public var severity: Severity? { findings.map(\.severity).max() }

  /// The exit status that tells the severity: 0 for notices or nothing, 1 for warnings, 2 for errors.
  public var exitStatus: Int32 {
    switch severity {
    case nil, .notice: 0
    case .warning: 1
    case .error: 2
    }
  }

  /// The outcome in a sentence.
  public var verdict: String {
    switch severity {
    case nil, .notice: "works"
    case .warning: "works, within limits"
    case .error: "does not work"
    }
  }

  /// Checks a proxy's configuration.
  /// - Parameters:
  ///   - plane: the configuration.
  ///   - source: what errors and the report call it.
  ///   - picker: what is known of the picker.
  ///   - filter: the picker's filter by name, where the choice would be wrong.
  public init(_ plane: DataPlane, source: String, picker: PickerSettings = PickerSettings(), filter: String? = nil) {
    let all = plane.pickerPaths(filter: filter)
    // One picker may serve routes that have nothing to do with models; they are left out where others follow it.
    let followed = Set(all.filter { $0.pool?.destination.followsPicks == true }.map(\.filter.name))
    let paths = all.filter { path in
      guard followed.contains(path.filter.name), case .ownBalancing = path.pool?.destination else { return true }
      return false
    }
    var findings = paths.flatMap { path in
      CheckRules.all.flatMap { $0.findings(on: path, picker: picker) }
    }
    findings += PlaneRules.findings(plane, paths: paths, all: all, source: source, filter: filter)
    var seen: Set<Finding> = []
    let unique = findings.filter { seen.insert($0).inserted }
    self.source = source
    self.findings = Severity.allCases.reversed().flatMap { severity in unique.filter { $0.severity == severity } }
    self.paths = paths.map { path in
      Path(
        place: path.place, filter: path.filter.name, pickerCluster: path.filter.cluster, poolCluster: path.poolName,
        facts: PathFacts(path))
    }
  }

  /// Reports on the streams that a running picker has seen.
  public init(_ streams: ObservedStreams, source: String) {
    self.source = source
    paths = []
    findings = streams.findings
  }
}
