import Endpoints
import PickerConfiguration

/// `header-label-affinity-scorer`: scores 1 for endpoints whose label is the value of a request header, else 0.
public struct HeaderLabelAffinityScorer: Scorer {
  /// The label's values as numbers, so that a request compares text once for each different value.
  private struct Labels {
    var values: [String] = []
    /// For each endpoint the index of its value, -1 without the label.
    var indexes: [Int] = []

    init(_ snapshot: EndpointSnapshot, key: String) {
      var known: [String: Int] = [:]
      for endpoint in snapshot.endpoints {
        guard let value = endpoint.labels[key] else {
          indexes.append(-1)
          continue
        }
        let index = known[value] ?? values.count
        if index == values.count {
          values.append(value)
          known[value] = index
        }
        indexes.append(index)
      }
    }
  }

  let headerName: String
  private let labels: SnapshotCache<Labels>

  /// Creates a scorer.
  /// - Parameter headerName: compared without regard to letter case.
  public init(headerName: String, labelKey: String, attributes: AttributeSpace) {
    self.headerName = headerName.lowercased()
    labels = SnapshotCache(attributes) { snapshot in Labels(snapshot, key: labelKey) }
  }

  /// Scores by equality of header and label.
  public func score(_ cycle: SchedulingCycle, into scores: UnsafeMutableBufferPointer<Double>) {
    guard let header = cycle.request.headers?.value(of: headerName), !header.isEmpty else { return }
    let labels = labels.value(cycle)
    guard let wanted = labels.values.firstIndex(where: header.equals) else { return }
    for position in scores.indices where labels.indexes[cycle.snapshotIndex(position)] == wanted {
      scores[position] = 1
    }
  }
}

extension PluginRegistration {
  static let headerLabelAffinityScorer = PluginRegistration(type: "header-label-affinity-scorer", stability: .alpha) {
    context in
    HeaderLabelAffinityScorer(
      headerName: context.parameters.requiredString("headerName"),
      labelKey: context.parameters.requiredString("labelKey"), attributes: context.attributes)
  }
}
