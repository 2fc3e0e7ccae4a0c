import NIOSSL

/// How to reach a Kubernetes API server and who to be there.
public struct KubeConfiguration: Sendable {
  /// Base address, `https://10.96.0.1:443`, perhaps with a path; without a slash at the end.
  public var server: String
  /// TLS towards the server: its CA and the client's certificate.
  public var tls: TLSConfiguration
  /// The server's CA where it is in a file that may change; goes before the one of ``tls``.
  public var authorityFile: AuthorityFile?
  /// Name that the server's certificate must be for, where it is not the host of ``server``.
  public var tlsServerName: String?
  /// What requests are signed with.
  public var credentials: Credentials
  /// The namespace of this process, or of the context in use; nil where nothing says.
  public var namespace: String?

  /// Describes a server.
  public init(
    server: String, tls: TLSConfiguration = .makeClientConfiguration(), authorityFile: AuthorityFile? = nil,
    tlsServerName: String? = nil, credentials: Credentials = .none, namespace: String? = nil
  ) {
    self.server = server.hasSuffix("/") ? String(server.dropLast()) : server
    self.tls = tls
    self.authorityFile = authorityFile
    self.tlsServerName = tlsServerName
    self.credentials = credentials
    self.namespace = namespace
  }

  /// TLS for a connection that is made now: as in ``tls``, with the CA that ``authorityFile`` holds at this time.
  package var currentTLS: TLSConfiguration {
    guard let authorityFile else { return tls }
    var current = tls
    current.trustRoots = .certificates(authorityFile.certificates)
    return current
  }

  /// Finds the configuration as Kubernetes' own programs do: the file given by flag, else `KUBECONFIG`, else the service
  /// account of the pod this process runs in.
  /// - Parameter path: value of `--kubeconfig`; empty for none.
  /// - Throws: ``KubeConfigurationError`` naming the file or variable.
  public static func find(
    path: String, environment: [String: String], serviceAccount: String = Self.serviceAccountDirectory
  ) throws(KubeConfigurationError) -> KubeConfiguration {
    if !path.isEmpty { return try load(paths: [path], home: environment["HOME"]) }
    if let list = environment["KUBECONFIG"], !list.isEmpty {
      let paths = list.split(separator: ":").map(String.init)
      return try load(paths: paths, home: environment["HOME"], mayBeMissing: paths.count > 1)
    }
    return try inCluster(environment: environment, serviceAccount: serviceAccount)
  }
}

/// Why no configuration for the Kubernetes API could be made.
public struct KubeConfigurationError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The reason, naming the file and field or the variable.
  public let description: String

  init(_ description: String) {
    self.description = description
  }
}
