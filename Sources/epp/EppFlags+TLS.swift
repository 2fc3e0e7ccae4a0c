import EndpointPicker
import GRPC

extension EppFlags {
  /// What TLS on the ext_proc port allows.
  func tlsOptions() throws -> ServerTLSOptions {
    var options = ServerTLSOptions()
    if !tlsMinVersion.isEmpty {
      guard let version = ServerTLSOptions.Version(rawValue: tlsMinVersion) else {
        throw ProcessError("--tls-min-version must be VersionTLS12 or VersionTLS13, not \"\(tlsMinVersion)\"")
      }
      options.minimumVersion = version
    }
    let names = tlsCipherSuites.flatMap { $0.split(separator: ",") }.map(String.init)
    if let unknown = options.setCipherSuites(names) {
      throw ProcessError("--tls-cipher-suites: \"\(unknown)\" is not known")
    }
    if !clientCaFile.isEmpty, !secureServing {
      throw ProcessError("--client-ca-file needs --secure-serving: without TLS there are no client certificates")
    }
    options.clientCAFile = clientCaFile
    return options
  }
}
