import Glibc

/// Where finished log lines go.
public protocol LogOutput: Sendable {
  /// Writes one line, which ends in a newline. Called from any thread; lines must not be mixed up.
  func write(_ line: [UInt8])
}

/// A file descriptor such as standard error. Each line is one `write`, which the kernel does not mix with others for
/// lines up to the size of a pipe's buffer; what the descriptor doesn't take is dropped rather than waited for in a loop
/// without end.
public struct DescriptorLogOutput: LogOutput {
  private let descriptor: Int32

  /// Writes to `descriptor`; standard error by default.
  public init(descriptor: Int32 = STDERR_FILENO) {
    self.descriptor = descriptor
  }

  /// Writes one line.
  public func write(_ line: [UInt8]) {
    line.withUnsafeBytes { bytes in
      var written = 0
      while written < bytes.count {
        let count = Glibc.write(descriptor, bytes.baseAddress.map { $0 + written }, bytes.count - written)
        if count > 0 {
          written += count
        } else if count == 0 || errno != EINTR {
          return
        }
      }
    }
  }
}
