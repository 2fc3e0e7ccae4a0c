/// Chooses the parser of a request among those configured.
///
/// A single parser takes every request. Of several, the one that claims the longest matching path suffix does (the
/// first of equals), else the first that claims none.
public struct RequestParserRegistry: Sendable {
  private struct Claim: Sendable {
    let suffix: [UInt8]
    let parser: Int
  }

  private let parsers: [any RequestParser]
  /// Longest first, then in the order of the parsers.
  private let claims: [Claim]
  private let fallback: Int?
  private let readsPrompts: Bool

  /// - Parameters:
  ///   - parsers: The configured parsers, in order.
  ///   - readsPrompts: Whether requests are read as a whole, and not only as far as their model.
  public init(_ parsers: [any RequestParser], readsPrompts: Bool = true) {
    self.parsers = parsers
    self.readsPrompts = readsPrompts
    fallback = parsers.count == 1 ? 0 : parsers.firstIndex { $0.pathSuffixes.isEmpty }
    var claims: [Claim] = []
    if parsers.count > 1 {
      for (index, parser) in parsers.enumerated() {
        claims += parser.pathSuffixes.map { Claim(suffix: Array($0.utf8), parser: index) }
      }
      claims.sort { ($1.suffix.count, $0.parser) < ($0.suffix.count, $1.parser) }
    }
    self.claims = claims
  }

  /// The parser for `path`, or nil if none claims it and there is no fallback.
  public func parser(for path: UnsafeRawBufferPointer) -> (any RequestParser)? {
    index(for: path).map { parsers[$0] }
  }

  /// Reads a request with the parser for its path; parameters as in `RequestParser.parse`.
  public func parse(
    body: UnsafeRawBufferPointer, path: UnsafeRawBufferPointer, context: RequestParsingContext
  ) throws(RequestError) -> InferenceRequest {
    guard let index = index(for: path) else {
      let text = String(decoding: path, as: UTF8.self)
      throw RequestError(code: .badRequest, message: "no parser registered matching path suffix for: " + text)
    }
    guard readsPrompts else { return try parsers[index].parseModel(body: body, path: path, context: context) }
    return try parsers[index].parse(body: body, path: path, context: context)
  }

  private func index(for path: UnsafeRawBufferPointer) -> Int? {
    guard !claims.isEmpty else { return fallback }
    let path = RequestPath.normalize(path)
    for claim in claims where claim.suffix.withUnsafeBytes({ RequestPath.hasSuffix(path, $0) }) {
      return claim.parser
    }
    return fallback
  }
}
