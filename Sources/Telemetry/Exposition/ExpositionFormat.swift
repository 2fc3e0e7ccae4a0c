/// The text formats in which metrics are exposed.
public enum ExpositionFormat: Sendable, Hashable {
  /// The Prometheus text format 0.0.4.
  case text
  /// OpenMetrics 1.0.
  case openMetrics

  /// The `content-type` of an answer in this format.
  public var contentType: String {
    switch self {
    case .text: "text/plain; version=0.0.4; charset=utf-8"
    case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
    }
  }

  /// The format for a request's `accept` header: OpenMetrics only for those that name it.
  public static func preferred(accept: String?) -> ExpositionFormat {
    guard let accept else { return .text }
    for range in accept.split(separator: ",") {
      let parts = range.split(separator: ";").map { $0.filter { $0 != " " }.lowercased() }
      guard parts.first == "application/openmetrics-text", !parts.contains("q=0") else { continue }
      if parts.allSatisfy({ !$0.hasPrefix("version=") || $0 == "version=1.0.0" || $0 == "version=0.0.1" }) {
        return .openMetrics
      }
    }
    return .text
  }
}
