/// A label selector as text: `app=vllm,tier in (gold, silver),!canary` (Kubernetes, label selectors).
///
/// Checked here so that a mistake is told at the start; the API server does the selecting.
public struct LabelSelector: Sendable, Hashable, CustomStringConvertible {
  /// A selector that cannot be read.
  public struct Failure: Error, Sendable, Hashable, CustomStringConvertible {
    /// What is wrong.
    public let description: String
  }

  /// The selector in the form that the API takes.
  public let description: String

  /// The labels that must all be there, as in `matchLabels`.
  public init(matchLabels: [String: String]) {
    description = matchLabels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ",")
  }

  /// Reads a selector.
  /// - Throws: ``Failure`` naming the requirement that cannot be read.
  public init(_ text: String) throws(Failure) {
    var requirements: [String] = []
    for part in Self.split(text) {
      let requirement = Self.trimmed(part)
      guard !requirement.isEmpty else { throw Failure(description: "empty requirement in \"\(text)\"") }
      requirements.append(try Self.canonical(requirement))
    }
    guard !requirements.isEmpty else { throw Failure(description: "empty selector") }
    description = requirements.joined(separator: ",")
  }

  /// Splits at commas outside parentheses.
  private static func split(_ text: String) -> [Substring] {
    var depth = 0
    return text.split(omittingEmptySubsequences: false) { character in
      if character == "(" { depth += 1 }
      if character == ")" { depth -= 1 }
      return character == "," && depth == 0
    }
  }

  private static func trimmed(_ text: some StringProtocol) -> String {
    let isBlank: (Character) -> Bool = { $0.isWhitespace }
    return String(text.drop(while: isBlank).reversed().drop(while: isBlank).reversed())
  }

  private static func canonical(_ requirement: String) throws(Failure) -> String {
    if requirement.hasPrefix("!") { return "!" + (try key(trimmed(requirement.dropFirst()), requirement)) }
    for sign in ["!=", "==", "="] {
      guard let range = requirement.firstRange(of: sign) else { continue }
      let name = try key(trimmed(requirement[..<range.lowerBound]), requirement)
      let value = try value(trimmed(requirement[range.upperBound...]), requirement)
      return name + (sign == "!=" ? "!=" : "=") + value
    }
    guard requirement.hasSuffix(")"), let open = requirement.firstIndex(of: "(") else {
      return try key(requirement, requirement)
    }
    let words = requirement[..<open].split { $0.isWhitespace }
    guard words.count == 2, words[1] == "in" || words[1] == "notin" else {
      throw Failure(description: "expected \"KEY in (VALUES)\" or \"KEY notin (VALUES)\", found \"\(requirement)\"")
    }
    var values: [String] = []
    for part in requirement[requirement.index(after: open)...].dropLast().split(
      separator: ",", omittingEmptySubsequences: false)
    {
      values.append(try value(trimmed(part), requirement))
    }
    return "\(try key(String(words[0]), requirement)) \(words[1]) (\(values.joined(separator: ",")))"
  }

  private static func key(_ text: String, _ requirement: String) throws(Failure) -> String {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard let name = parts.last, parts.count <= 2, isName(name), parts.count == 1 || isDomain(parts[0]) else {
      throw Failure(description: "\"\(text)\" in \"\(requirement)\" is not a label key")
    }
    return text
  }

  private static func value(_ text: String, _ requirement: String) throws(Failure) -> String {
    guard text.isEmpty || isName(text[...]) else {
      throw Failure(description: "\"\(text)\" in \"\(requirement)\" is not a label value")
    }
    return text
  }

  private static func isName(_ text: Substring) -> Bool {
    let bytes = Array(text.utf8)
    guard let first = bytes.first, let last = bytes.last, bytes.count <= 63 else { return false }
    return isAlphanumeric(first) && isAlphanumeric(last)
      && bytes.allSatisfy { isAlphanumeric($0) || $0 == 0x2D || $0 == 0x2E || $0 == 0x5F }
  }

  private static func isDomain(_ text: Substring) -> Bool {
    !text.isEmpty && text.utf8.count <= 253
      && text.utf8.allSatisfy { isAlphanumeric($0) || $0 == 0x2D || $0 == 0x2E }
  }

  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
  }
}
