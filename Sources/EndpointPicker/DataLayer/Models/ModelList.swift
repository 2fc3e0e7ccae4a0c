import InferenceAPI

/// The answer to `GET /v1/models`: `{"object":"list","data":[{"id":"llama",…},…]}`.
enum ModelList {
  /// Most models that are kept of a server.
  static let maximumModels = 10_000

  /// The names of the models.
  /// - Parameter body: the answer, with ``JSONParser/padding`` readable bytes behind it.
  /// - Returns: nil when it is no such list.
  static func names(in body: UnsafeRawBufferPointer, parser: JSONParser) -> Set<String>? {
    guard let members = (try? parser.parse(body))?.members else { return nil }
    var names: Set<String>?
    for (key, value) in members where key.bytes.equals("data") {
      guard let elements = value.elements else { return nil }
      var found: Set<String> = []
      for element in elements where found.count < maximumModels {
        guard let fields = element.members else { continue }
        for (key, value) in fields where key.bytes.equals("id") {
          if let name = value.string { found.insert(String(decoding: name, as: UTF8.self)) }
        }
      }
      names = found
    }
    return names
  }
}
