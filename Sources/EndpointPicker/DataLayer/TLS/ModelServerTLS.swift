import Endpoints
import NIOCore
import NIOSSL
import Synchronization

/// TLS towards model servers. Its files may be replaced at any time; connections keep what they began with.
final class ModelServerTLS: Sendable {
  /// Files in PEM; empty for none.
  struct Files: Sendable, Hashable {
    /// The authorities that servers' certificates are from; empty for those of the system.
    var authority = ""
    /// The certificate to show, and its key.
    var certificate = ""
    var key = ""

    /// Those that there are.
    var paths: [String] { [authority, certificate, key].filter { !$0.isEmpty } }
  }

  /// What is wrong with files, each with the parameter that names it.
  struct Problems: Error, CustomStringConvertible {
    var all: [(parameter: String, message: String)] = []

    var description: String { all.map { "\($0.parameter): \($0.message)" }.joined(separator: "; ") }
  }

  let files: Files
  private let skipsVerification: Bool
  private let context: Mutex<NIOSSLContext>

  /// - Throws: when a file cannot be used.
  init(_ files: Files, skipsVerification: Bool) throws(Problems) {
    self.files = files
    self.skipsVerification = skipsVerification
    context = Mutex(try Self.context(files, skipsVerification))
  }

  /// Reads the files again.
  /// - Throws: when one cannot be used; connections are then made as before.
  func reload() throws(Problems) {
    let new = try Self.context(files, skipsVerification)
    context.withLock { $0 = new }
  }

  /// Adds TLS to a new connection. Model servers go by address, so that is what certificates are checked for.
  var transport: @Sendable (any Channel, EndpointAddress) throws -> Void {
    { [self] channel, _ in
      let context = context.withLock { $0 }
      try channel.pipeline.syncOperations.addHandler(try NIOSSLClientHandler(context: context, serverHostname: nil))
    }
  }

  private static func context(_ files: Files, _ skipsVerification: Bool) throws(Problems) -> NIOSSLContext {
    var problems = Problems()
    var configuration = TLSConfiguration.makeClientConfiguration()
    if skipsVerification { configuration.certificateVerification = .none }
    func reading<Value>(_ parameter: String, _ path: String, _ read: (String) throws -> Value) -> Value? {
      guard !path.isEmpty else { return nil }
      do {
        return try read(path)
      } catch {
        problems.all.append((parameter, "cannot be read: \(path): \(error)"))
        return nil
      }
    }
    if let certificates = reading("caCertPath", files.authority, { try NIOSSLCertificate.fromPEMFile($0) }) {
      configuration.trustRoots = .certificates(certificates)
    }
    if let chain = reading("clientCertPath", files.certificate, { try NIOSSLCertificate.fromPEMFile($0) }) {
      configuration.certificateChain = chain.map { .certificate($0) }
    }
    if let key = reading("clientKeyPath", files.key, { try NIOSSLPrivateKey(file: $0, format: .pem) }) {
      configuration.privateKey = .privateKey(key)
    }
    guard problems.all.isEmpty else { throw problems }
    do {
      return try NIOSSLContext(configuration: configuration)
    } catch {
      problems.all.append(("scheme", "TLS cannot be set up: \(error)"))
      throw problems
    }
  }
}
