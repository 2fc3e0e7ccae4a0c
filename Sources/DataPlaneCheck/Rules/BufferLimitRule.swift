/// Buffered request bodies fit in the proxy's buffer.
enum BufferLimitRule: CheckRule {
  /// Below this even ordinary prompts do not fit: some 32,000 tokens.
  private static let tooSmall = 128 << 10
  /// Enough for a prompt of a million tokens, at four bytes each, and its JSON.
  private static let enough = 5 << 20

  static func findings(on path: PickerPath, picker: PickerSettings) -> [Finding] {
    guard path.filter.modes.requestBody == .buffered, path.chain.bufferLimit < enough else { return [] }
    let limit = path.chain.bufferLimit
    return [
      Finding(
        "buffer-limit", limit < tooSmall ? .error : .warning, at: "listener \"\(path.chain.listener)\"",
        "request bodies are buffered, up to \(words(limit))",
        effect: "longer prompts, from about \(limit / 4) tokens, are refused with 413",
        remedy: "raise the listener's per_connection_buffer_limit_bytes, for instance to 52428800")
    ]
  }

  /// A number of bytes in words.
  static func words(_ bytes: Int) -> String {
    if bytes >= 1 << 20, bytes % (1 << 20) == 0 { return "\(bytes >> 20) MiB" }
    if bytes >= 1 << 10, bytes % (1 << 10) == 0 { return "\(bytes >> 10) KiB" }
    return "\(bytes) bytes"
  }
}
