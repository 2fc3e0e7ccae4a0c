import InferenceAPI

/// A plugin that reads requests of one family of inference APIs.
public struct RequestParserPlugin: Plugin {
  /// The parser.
  public let parser: any RequestParser

  /// Wraps a parser.
  public init(_ parser: any RequestParser) {
    self.parser = parser
  }
}
