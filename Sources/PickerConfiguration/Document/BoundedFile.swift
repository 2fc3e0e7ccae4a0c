import Glibc

/// Reads whole files of limited size.
package enum BoundedFile {
  /// The file's bytes.
  ///
  /// - Throws: ``ConfigurationError`` when the file can't be read or has more than `limit` bytes.
  package static func bytes(at path: String, limit: Int) throws(ConfigurationError) -> [UInt8] {
    func failure(_ what: String) -> ConfigurationError {
      ConfigurationError(SourceLocation(source: path), "can't \(what): \(String(cString: strerror(errno)))")
    }
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure("open the file") }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while bytes.count <= limit {
      let count = chunk.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
      if count < 0 {
        if errno == EINTR { continue }
        throw failure("read the file")
      }
      if count == 0 { return bytes }
      bytes += chunk[..<count]
    }
    throw ConfigurationError(SourceLocation(source: path), "the file has more than the \(limit) bytes allowed")
  }

  /// The file's text.
  ///
  /// - Throws: ``ConfigurationError`` also for bytes that are not UTF-8.
  package static func text(at path: String, limit: Int) throws(ConfigurationError) -> String {
    let bytes = try bytes(at: path, limit: limit)
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw ConfigurationError(SourceLocation(source: path), "the file is not UTF-8 text")
    }
    return text
  }
}
