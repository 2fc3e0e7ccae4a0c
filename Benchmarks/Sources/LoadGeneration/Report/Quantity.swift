import Foundation

/// Numbers for people: three significant digits.
enum Quantity {
  static func text(_ value: Double) -> String {
    guard value.isFinite, value != 0 else { return "0" }
    let magnitude = abs(value)
    if magnitude >= 100 { return grouped(Int(value.rounded())) }
    let decimals = magnitude >= 10 ? 1 : magnitude >= 1 ? 2 : 3
    var text = String(format: "%.\(decimals)f", value)
    while text.last == "0" { text.removeLast() }
    if text.last == "." { text.removeLast() }
    return text
  }

  /// A time given in microseconds.
  static func time(_ microseconds: Double) -> String {
    if microseconds >= 1e6 { return text(microseconds / 1e6) + " s" }
    return microseconds >= 1e3 ? text(microseconds / 1e3) + " ms" : text(microseconds) + " µs"
  }

  /// A number of bytes.
  static func bytes(_ count: Int) -> String { text(Double(count) / 1e6) + " MB" }

  private static func grouped(_ value: Int) -> String {
    var digits = String(abs(value))
    var groups: [String] = []
    while digits.count > 3 {
      groups.insert(String(digits.suffix(3)), at: 0)
      digits.removeLast(3)
    }
    return (value < 0 ? "-" : "") + ([digits] + groups).joined(separator: ",")
  }
}
