import Endpoints

/// Corrects what is believed of a server's prefix cache by what the server itself says of requests.
///
/// A server that had less of a prompt cached than was believed holds less than its KV cache could: other work takes
/// room, or other pickers send requests there. Its capacity is then taken to be smaller by ``step``; each request about
/// which the server agrees brings back half of that, as does one of which it had more. The factor lives in a column
/// of the endpoint table, so a slot's next endpoint begins anew. Safe to use from any thread; of two corrections at the
/// same moment one may be lost.
struct CacheCorrection: Sendable {
  /// Part by which a disagreement lowers the capacity.
  static let step = 0.05
  /// A server that caches nothing ends here.
  static let least = 0.01
  /// Beliefs in less than this part of a prompt prove nothing.
  static let significantShare = 0.05
  /// Part of the belief by which a server may miss it: blocks and tokens are counted differently.
  static let tolerance = 0.2

  private let column: ColumnID?

  init(_ endpoints: EndpointTable) {
    column = endpoints.column(named: "prefix-cache-correction")
  }

  /// What to multiply an endpoint's capacity by, ``least``…1.
  func factor(slot: Int, _ table: EndpointTable) -> Double {
    guard let column else { return 1 }
    let value = table.value(column, slot: slot)
    return value > 0 ? min(value, 1) : 1
  }

  /// Takes note of what a server had cached.
  /// - Parameters:
  ///   - believed: part of the prompt that it was taken to have.
  ///   - cached: part of the prompt that it had.
  func note(believed: Double, cached: Double, slot: Int, _ table: EndpointTable) {
    guard let column, believed >= Self.significantShare || cached >= Self.significantShare else { return }
    let factor = factor(slot: slot, table)
    let isBelow = cached < believed * (1 - Self.tolerance)
    let next = isBelow ? factor * (1 - Self.step) : factor * (1 + Self.step / 2)
    table.store(min(1, max(Self.least, next)), in: column, slot: slot)
  }
}
