import FoundationEssentials

/// Times as Leases have them: RFC 3339 with exactly six digits after the second.
package enum MicroTime {
  package static func text(_ date: Date) -> String {
    let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
    // The style gives three digits.
    return date.formatted(style).dropLast() + "000Z"
  }
}
