import ModelServerMetrics
import NIOSSL
import PickerConfiguration

/// The parameters that all sources have which ask model servers over HTTP.
struct HTTPSourceParameters {
  var path: String
  var port: UInt16?
  /// Nil when the configuration does not set it.
  var interval: Duration?
  /// For https.
  var tls: NIOSSLContext?

  /// Reads the parameters; what is wrong is noted in the decoder.
  init(_ decoder: ParameterDecoder, defaults: MetricsSourceDefaults) {
    let scheme = decoder.enumeration("scheme", default: ScrapeConfiguration.Scheme(rawValue: defaults.scheme) ?? .http)
    path = decoder.string("path", default: defaults.path)
    if path.isEmpty || !path.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) {
      decoder.reject("path", "must be a path of printable ASCII characters without blanks")
    }
    port = defaults.port
    if let number = decoder.int("port", range: 1...65_535) { port = UInt16(number) }
    // Whoever names an authority wants to have certificates checked, unless it is said otherwise.
    let namesAuthority = decoder.node("caCertPath").map { !$0.isNull && $0.scalar != .string("") } ?? false
    let skipsVerification = decoder.bool(
      "insecureSkipVerify", default: defaults.insecureSkipVerify && !namesAuthority)
    if namesAuthority, skipsVerification {
      decoder.warn("caCertPath", "has no effect with insecureSkipVerify")
    }
    let authority = decoder.string("caCertPath", default: "")
    let certificate = decoder.string("clientCertPath", default: "")
    let key = decoder.string("clientKeyPath", default: "")
    if let span = decoder.duration("interval") {
      if span.seconds < 0.001 { decoder.reject("interval", "must be at least 1ms") }
      interval = span.duration
    }
    if certificate.isEmpty != key.isEmpty {
      decoder.reject(
        certificate.isEmpty ? "clientCertPath" : "clientKeyPath", "clientCertPath and clientKeyPath go together")
      return
    }
    guard scheme == .https else { return }
    tls = Self.context(decoder, skipsVerification, authority: authority, certificate: certificate, key: key)
  }

  private static func context(
    _ decoder: ParameterDecoder, _ skipsVerification: Bool, authority: String, certificate: String, key: String
  ) -> NIOSSLContext? {
    var configuration = TLSConfiguration.makeClientConfiguration()
    if skipsVerification { configuration.certificateVerification = .none }
    func reading<Value>(_ field: String, _ path: String, _ read: (String) throws -> Value) -> Value? {
      guard !path.isEmpty else { return nil }
      do {
        return try read(path)
      } catch {
        decoder.reject(field, "cannot be read: \(path): \(error)")
        return nil
      }
    }
    if let certificates = reading("caCertPath", authority, { try NIOSSLCertificate.fromPEMFile($0) }) {
      configuration.trustRoots = .certificates(certificates)
    }
    if let chain = reading("clientCertPath", certificate, { try NIOSSLCertificate.fromPEMFile($0) }) {
      configuration.certificateChain = chain.map { .certificate($0) }
    }
    if let privateKey = reading("clientKeyPath", key, { try NIOSSLPrivateKey(file: $0, format: .pem) }) {
      configuration.privateKey = .privateKey(privateKey)
    }
    do {
      return try NIOSSLContext(configuration: configuration)
    } catch {
      decoder.reject("scheme", "TLS cannot be set up: \(error)")
      return nil
    }
  }
}
