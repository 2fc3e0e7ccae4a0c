import NIOSSL
import Synchronization

/// The CA of an API server in a file that others replace, as Kubernetes does while it rotates its CA.
///
/// The file is read whenever it is asked for: requests are rare, the file is small, and kubelets replace it by renaming
/// a directory, which its date need not show. Safe to use from any thread.
public final class AuthorityFile: Sendable {
  private struct State {
    var bytes: [UInt8]
    var certificates: [NIOSSLCertificate]
  }

  /// Path of a PEM file with one certificate or several.
  public let path: String
  private let state: Mutex<State>

  /// Reads the file for the first time.
  /// - Parameter source: what error messages call the file.
  init(path: String, source: String) throws(KubeConfigurationError) {
    guard let bytes = SmallFile.read(path) else { throw KubeConfigurationError("\(source) cannot be read") }
    self.path = path
    state = Mutex(State(bytes: bytes, certificates: try PEM.certificates(bytes, source: source)))
  }

  /// The certificates in the file; those of before for as long as it is missing or holds something else.
  package var certificates: [NIOSSLCertificate] {
    let read = SmallFile.read(path)
    return state.withLock { state in
      if let read, read != state.bytes, let certificates = try? PEM.certificates(read, source: path) {
        state = State(bytes: read, certificates: certificates)
      }
      return state.certificates
    }
  }
}
