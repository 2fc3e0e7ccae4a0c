import PickerConfiguration
import Glibc

/// Notices when a file's contents change, however it is replaced: written in place, renamed over as editors do, or
/// reached through a symbolic link that is moved as Kubernetes does with a ConfigMap.
///
/// Each poll costs one `stat`; the file is read only when that differs from the last time or when the file is so young
/// that a second change could hide behind the same time stamp. Not for concurrent use.
public struct FilePoller: Sendable {
  /// What a poll found.
  public enum Outcome: Sendable, Hashable {
    /// Nothing new, or the same failure as before.
    case unchanged
    /// The contents, different from the ones reported last.
    case contents([UInt8])
    /// The file can't be read. The contents reported last still stand.
    case failure(ConfigurationError)
  }

  /// What identifies a version of the file without reading it.
  private struct Signature: Equatable {
    var device: dev_t
    var inode: ino_t
    var size: off_t
    var modified: TimeStamp

    struct TimeStamp: Equatable {
      var seconds: Int
      var nanoseconds: Int
    }

    init?(path: String) {
      var status = stat()
      guard stat(path, &status) == 0 else { return nil }
      device = status.st_dev
      inode = status.st_ino
      size = status.st_size
      modified = TimeStamp(seconds: status.st_mtim.tv_sec, nanoseconds: status.st_mtim.tv_nsec)
    }

    /// Whether the file may change again without a new time stamp.
    var isFresh: Bool {
      var now = timespec()
      clock_gettime(CLOCK_REALTIME, &now)
      return now.tv_sec - modified.seconds < 2
    }
  }

  /// The file.
  public let path: String
  private let limit: Int
  private var settled: Signature?
  private var contents: [UInt8]?
  private var failure: ConfigurationError?

  /// - Parameters:
  ///   - path: the file, which need not exist yet.
  ///   - limit: the most bytes the file may have.
  public init(path: String, limit: Int) {
    self.path = path
    self.limit = limit
  }

  /// Looks at the file. The first poll reports its contents.
  public mutating func poll() -> Outcome {
    // Taken before the file is read: a change in between is then noticed by the next poll.
    let signature = Signature(path: path)
    if let signature, signature == settled { return .unchanged }
    settled = nil
    do {
      let bytes = try BoundedFile.bytes(at: path, limit: limit)
      failure = nil
      if let signature, !signature.isFresh { settled = signature }
      guard bytes != contents else { return .unchanged }
      contents = bytes
      return .contents(bytes)
    } catch {
      guard error != failure else { return .unchanged }
      failure = error
      return .failure(error)
    }
  }
}
