import CAccelerate

/// Rules for the path that tells which API a request is for.
public enum RequestPath {
  private static let fallback: StaticString = "/v1/completions"

  /// The path to go by: `:path`, else `x-original-path`, else `x-forwarded-path`, else `/v1/completions`. A missing
  /// or empty header counts as absent.
  public static func resolve(
    path: UnsafeRawBufferPointer?, originalPath: UnsafeRawBufferPointer?, forwardedPath: UnsafeRawBufferPointer?
  ) -> UnsafeRawBufferPointer {
    if let path, !path.isEmpty { return path }
    if let originalPath, !originalPath.isEmpty { return originalPath }
    if let forwardedPath, !forwardedPath.isEmpty { return forwardedPath }
    return UnsafeRawBufferPointer(start: fallback.utf8Start, count: fallback.utf8CodeUnitCount)
  }

  /// `path` without its query and trailing slashes.
  public static func normalize(_ path: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    var end = path.firstIndex(of: UInt8(ascii: "?")) ?? path.count
    while end > 0, path[end - 1] == UInt8(ascii: "/") { end -= 1 }
    return UnsafeRawBufferPointer(rebasing: path[..<end])
  }

  static func hasSuffix(_ path: UnsafeRawBufferPointer, _ suffix: UnsafeRawBufferPointer) -> Bool {
    guard path.count >= suffix.count else { return false }
    guard let tail = path.baseAddress?.advanced(by: path.count - suffix.count), let expected = suffix.baseAddress
    else { return suffix.isEmpty }
    return memcmp(tail, expected, suffix.count) == 0
  }

  static func hasSuffix(_ path: UnsafeRawBufferPointer, _ suffix: StaticString) -> Bool {
    hasSuffix(path, UnsafeRawBufferPointer(start: suffix.utf8Start, count: suffix.utf8CodeUnitCount))
  }

  /// The answer of a parser to a path that isn't its own.
  static func unsupported(_ path: UnsafeRawBufferPointer) -> RequestError {
    RequestError(code: .badRequest, message: "unsupported path: " + String(decoding: path, as: UTF8.self))
  }
}
