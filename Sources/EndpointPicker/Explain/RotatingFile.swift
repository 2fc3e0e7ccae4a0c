#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A file that is appended to line by line, and moved aside when it is full: `PATH` becomes `PATH.1`, that one `PATH.2`.
///
/// What cannot be written whole leaves no trace: lines are in the file entirely or not at all. Not thread-safe.
package struct RotatingFile: ~Copyable {
  /// An operation that the system refused.
  package struct Failure: Error, CustomStringConvertible {
    let operation: String
    let code: Int32

    package var description: String { "cannot \(operation): \(String(cString: strerror(code)))" }
  }

  private let path: String
  private let maximumBytes: Int
  private let maximumFiles: Int
  private var descriptor: Int32 = -1
  private var size = 0

  /// - Parameters:
  ///   - maximumBytes: size at which another file is begun; a longer write gets a file of its own.
  ///   - maximumFiles: files kept, the current one included.
  package init(path: String, maximumBytes: Int, maximumFiles: Int) {
    self.path = path
    self.maximumBytes = max(1, maximumBytes)
    self.maximumFiles = max(1, maximumFiles)
  }

  deinit {
    if descriptor >= 0 { _ = close(descriptor) }
  }

  /// Opens the file unless it is open.
  package mutating func openIfNeeded() throws(Failure) {
    guard descriptor < 0 else { return }
    let opened = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o640)
    guard opened >= 0 else { throw Failure(operation: "open \(path)", code: errno) }
    descriptor = opened
    size = Int(max(0, lseek(opened, 0, SEEK_END)))
  }

  /// Writes whole lines.
  package mutating func append(_ lines: [UInt8]) throws(Failure) {
    try openIfNeeded()
    if size > 0, size + lines.count > maximumBytes { try rotate() }
    var written = 0
    while written < lines.count {
      let count = lines.withUnsafeBytes { bytes in
        write(descriptor, bytes.baseAddress.map { $0 + written }, bytes.count - written)
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else {
        let code = count < 0 ? errno : ENOSPC
        // What was written of these lines would end in the middle of one.
        if written > 0 { _ = ftruncate(descriptor, off_t(size)) }
        throw Failure(operation: "write to \(path)", code: code)
      }
      written += count
    }
    size += written
  }

  private mutating func rotate() throws(Failure) {
    _ = close(descriptor)
    descriptor = -1
    size = 0
    if maximumFiles == 1 {
      unlink(path)
    } else {
      for number in stride(from: maximumFiles - 2, through: 1, by: -1) {
        rename("\(path).\(number)", "\(path).\(number + 1)")
      }
      rename(path, "\(path).1")
    }
    try openIfNeeded()
  }
}
