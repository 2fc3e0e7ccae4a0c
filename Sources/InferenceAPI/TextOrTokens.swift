/// A member that holds prompts: a text, token ids, or several of either.
struct TextOrTokens {
  /// The API and member, for errors.
  let api: StaticString
  let field: StaticString

  /// Appends every prompt and tells whether they are token ids.
  func append(_ value: JSONValue?, to builder: PromptBuilder) throws(RequestError) -> Bool {
    guard let value else { throw missing }
    switch value.kind {
    case .null:
      throw missing
    case .string:
      guard let text = value.string, !text.isEmpty else { throw missing }
      builder.append(text)
      builder.endPrompt()
      return false
    case .array:
      return try append(array: value, to: builder)
    default:
      throw malformed
    }
  }

  private func append(array: JSONValue, to builder: PromptBuilder) throws(RequestError) -> Bool {
    guard var elements = array.elements, let first = elements.next() else { throw missing }
    switch first.kind {
    case .string:
      for element in JSONElements(array: array.raw) {
        guard let text = element.string else { throw malformed }
        builder.append(text)
        builder.endPrompt()
      }
      return false
    case .array:
      for element in JSONElements(array: array.raw) {
        guard element.kind == .array, builder.appendTokenIDs(element) != nil else { throw malformed }
        builder.endPrompt()
      }
      return true
    default:
      guard builder.appendTokenIDs(array) != nil else { throw malformed }
      builder.endPrompt()
      return true
    }
  }

  private var missing: RequestError { RequestFields.invalid(api, "must have \(field) field") }

  private var malformed: RequestError {
    RequestFields.invalid(
      api, "\(field) must be a string, an array of strings, an array of token ids or an array of token id arrays")
  }
}
