/// The memory that parsing a request needs, reused from one request to the next.
///
/// One per event loop; not thread-safe. After warm-up a parse allocates nothing.
public final class RequestParsingContext {
  /// Bytes that must be readable, whatever their value, behind every body handed to a parser.
  public static let bodyPadding = JSONParser.padding

  /// Buffers for documents larger than this, in bytes, are given back when the request ends.
  static let keptDocumentBytes = 4 << 20

  let json: JSONParser
  let prompt = PromptBuilder()

  /// - Parameter maximumBodyBytes: Larger JSON bodies are refused; 256 MiB unless told, at most 1 GiB.
  public init(maximumBodyBytes: Int = 256 << 20) {
    json = JSONParser(maximumDocumentBytes: maximumBodyBytes)
  }

  /// Ends the life of the last request's views and gives memory of unusual size back. Every parse begins with this;
  /// calling it when a request is done returns the memory earlier.
  public func reset() {
    json.releaseExcess(above: Self.keptDocumentBytes)
    prompt.reset()
  }

  /// Begins a request with a JSON object as its body.
  func parseObject(_ body: UnsafeRawBufferPointer) throws(RequestError) -> JSONMembers {
    reset()
    let root: JSONValue
    do {
      root = try json.parse(body)
    } catch {
      throw Self.notJSON(error.message)
    }
    guard let members = root.members else { throw Self.notAnObject }
    return members
  }

  /// Why a body that begins as something else than an object is refused.
  static var notAnObject: RequestError { notJSON("the body must be a JSON object") }

  private static func notJSON(_ reason: String) -> RequestError {
    RequestError(code: .badRequest, message: "error unmarshaling request bodyMap: " + reason)
  }
}
