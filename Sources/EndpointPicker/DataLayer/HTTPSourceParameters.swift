import ModelServerMetrics
import PickerConfiguration

/// The parameters that all sources have which ask model servers over HTTP.
struct HTTPSourceParameters {
  var path: String
  var port: UInt16?
  /// Nil when the configuration does not set it.
  var interval: Duration?
  /// For https.
  var tls: ModelServerTLS?

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
    var files = ModelServerTLS.Files()
    files.authority = decoder.string("caCertPath", default: "")
    files.certificate = decoder.string("clientCertPath", default: "")
    files.key = decoder.string("clientKeyPath", default: "")
    if let span = decoder.duration("interval") {
      if span.seconds < 0.001 { decoder.reject("interval", "must be at least 1ms") }
      interval = span.duration
    }
    if files.certificate.isEmpty != files.key.isEmpty {
      decoder.reject(
        files.certificate.isEmpty ? "clientCertPath" : "clientKeyPath", "clientCertPath and clientKeyPath go together")
      return
    }
    guard scheme == .https else { return }
    do throws(ModelServerTLS.Problems) {
      tls = try ModelServerTLS(files, skipsVerification: skipsVerification)
    } catch {
      for problem in error.all { decoder.reject(problem.parameter, problem.message) }
    }
  }
}
