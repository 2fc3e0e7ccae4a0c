import Replay

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Writes text to files.
enum TextFile {
  /// Replaces the file's content, or makes the file.
  /// - Throws: ``ReplayError`` when it cannot be written.
  static func write(_ text: String, to path: String) throws(ReplayError) {
    func failure() -> ReplayError { ReplayError("cannot write \(path): \(String(cString: strerror(errno)))") }
    guard let file = fopen(path, "we") else { throw failure() }
    let bytes = Array(text.utf8)
    let written = fwrite(bytes, 1, bytes.count, file)
    guard fclose(file) == 0, written == bytes.count else { throw failure() }
  }
}
