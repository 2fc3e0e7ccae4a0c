import FoundationEssentials
import NIOSSL
import Yams

extension KubeConfiguration {
  /// Reads kubeconfig files. Of several, the first that says something counts, name by name.
  /// - Parameter mayBeMissing: files that do not exist are passed over as long as one does.
  package static func load(
    paths: [String], home: String?, mayBeMissing: Bool = false
  ) throws(KubeConfigurationError) -> KubeConfiguration {
    var files: [(path: String, file: KubeConfigFile)] = []
    for written in paths {
      let path = written.hasPrefix("~/") ? (home ?? "~") + written.dropFirst() : written
      guard let bytes = SmallFile.read(path) else {
        guard mayBeMissing else { throw KubeConfigurationError("kubeconfig \(path): cannot be read") }
        continue
      }
      do {
        files.append((path, try YAMLDecoder().decode(KubeConfigFile.self, from: Data(bytes))))
      } catch {
        throw KubeConfigurationError("kubeconfig \(path): \(Self.reason(error))")
      }
    }
    guard !files.isEmpty else {
      throw KubeConfigurationError("kubeconfig \(paths.joined(separator: ":")): none of the files can be read")
    }
    return try assemble(files)
  }

  private static func assemble(
    _ files: [(path: String, file: KubeConfigFile)]
  ) throws(KubeConfigurationError) -> KubeConfiguration {
    let source = "kubeconfig \(files.map(\.path).joined(separator: ":"))"
    func find<Value>(
      _ kind: String, _ name: String, in list: (KubeConfigFile) -> [KubeConfigFile.Named<Value>]?
    ) throws(KubeConfigurationError) -> (path: String, value: Value) {
      for (path, file) in files {
        if let entry = list(file)?.first(where: { $0.name == name }) { return (path, entry.value) }
      }
      throw KubeConfigurationError("\(source): \(kind) \"\(name)\" is not defined")
    }
    guard let current = files.lazy.compactMap(\.file.currentContext).first(where: { !$0.isEmpty }) else {
      throw KubeConfigurationError("\(source): current-context is not set")
    }
    let context = try find("context", current) { $0.contexts }.value
    let cluster = try find("cluster", context.cluster) { $0.clusters }
    let clusterPlace = "kubeconfig \(cluster.path): cluster \"\(context.cluster)\""
    var tls = try Self.tls(cluster.value, clusterPlace)
    let authorityFile = try Self.addAuthority(cluster.value, clusterPlace, cluster.path, to: &tls)
    var credentials = Credentials.none
    if let name = context.user, !name.isEmpty {
      let user = try find("user", name) { $0.users }
      let place = "kubeconfig \(user.path): user \"\(name)\""
      credentials = try Self.credentials(user.value, place, user.path)
      try Self.addClientCertificate(user.value, place, user.path, to: &tls)
    }
    return KubeConfiguration(
      server: cluster.value.server, tls: tls, authorityFile: authorityFile,
      tlsServerName: cluster.value.tlsServerName, credentials: credentials,
      namespace: context.namespace.flatMap { $0.isEmpty ? nil : $0 })
  }

  private static func tls(
    _ cluster: KubeConfigFile.Cluster, _ place: String
  ) throws(KubeConfigurationError) -> TLSConfiguration {
    guard cluster.server.hasPrefix("https://") || cluster.server.hasPrefix("http://") else {
      throw KubeConfigurationError("\(place): server must be an http:// or https:// URL, not \"\(cluster.server)\"")
    }
    if let proxy = cluster.proxyURL, !proxy.isEmpty {
      throw KubeConfigurationError("\(place): proxy-url is not supported")
    }
    var tls = TLSConfiguration.makeClientConfiguration()
    if cluster.insecureSkipTLSVerify == true { tls.certificateVerification = .none }
    return tls
  }

  /// Sets the CA that is written in the kubeconfig itself.
  /// - Returns: the file with the CA, where it is in one.
  private static func addAuthority(
    _ cluster: KubeConfigFile.Cluster, _ place: String, _ path: String, to tls: inout TLSConfiguration
  ) throws(KubeConfigurationError) -> AuthorityFile? {
    let source = "\(place): certificate-authority"
    if let authority = try contents((nil, cluster.certificateAuthorityData, "certificate-authority"), place, path) {
      tls.trustRoots = .certificates(try PEM.certificates(authority, source: source))
      return nil
    }
    guard let file = cluster.certificateAuthority, !file.isEmpty else { return nil }
    let resolved = resolve(file, path)
    return try AuthorityFile(path: resolved, source: "\(source) \(resolved)")
  }

  private static func credentials(
    _ user: KubeConfigFile.User, _ place: String, _ path: String
  ) throws(KubeConfigurationError) -> Credentials {
    guard user.exec == nil else {
      throw KubeConfigurationError(
        "\(place): exec credential plugins are not supported; use a token, a tokenFile or a client certificate, "
          + "such as those of `kubectl create token`")
    }
    guard user.authProvider == nil else {
      throw KubeConfigurationError("\(place): auth-provider is not supported; use a token or a client certificate")
    }
    if let file = user.tokenFile, !file.isEmpty { return .tokenFile(path: resolve(file, path)) }
    if let token = user.token, !token.isEmpty { return .token(token) }
    if let name = user.username, !name.isEmpty { return .basic(user: name, password: user.password ?? "") }
    return .none
  }

  private static func addClientCertificate(
    _ user: KubeConfigFile.User, _ place: String, _ path: String, to tls: inout TLSConfiguration
  ) throws(KubeConfigurationError) {
    let certificate = try contents(
      (user.clientCertificate, user.clientCertificateData, "client-certificate"), place, path)
    let key = try contents((user.clientKey, user.clientKeyData, "client-key"), place, path)
    switch (certificate, key) {
    case (nil, nil): return
    case (let certificate?, let key?):
      let chain = try PEM.certificates(certificate, source: "\(place): client-certificate")
      tls.certificateChain = chain.map { .certificate($0) }
      tls.privateKey = .privateKey(try PEM.privateKey(key, source: "\(place): client-key"))
    case (nil, _?): throw KubeConfigurationError("\(place): client-key without client-certificate")
    case (_?, nil): throw KubeConfigurationError("\(place): client-certificate without client-key")
    }
  }

  /// A field that is written as a file name or, with `-data`, as its contents in base64; the latter goes first.
  private static func contents(
    _ field: (file: String?, data: String?, name: String), _ place: String, _ path: String
  ) throws(KubeConfigurationError) -> [UInt8]? {
    if let text = field.data, !text.isEmpty {
      guard let data = Data(base64Encoded: text, options: .ignoreUnknownCharacters) else {
        throw KubeConfigurationError("\(place): \(field.name)-data is not base64")
      }
      return Array(data)
    }
    guard let file = field.file, !file.isEmpty else { return nil }
    let resolved = resolve(file, path)
    guard let bytes = SmallFile.read(resolved) else {
      throw KubeConfigurationError("\(place): \(field.name) \(resolved) cannot be read")
    }
    return bytes
  }

  /// Relative file names are relative to the kubeconfig.
  private static func resolve(_ file: String, _ kubeconfig: String) -> String {
    guard !file.hasPrefix("/"), let slash = kubeconfig.lastIndex(of: "/") else { return file }
    return kubeconfig[...slash] + file
  }

  private static func reason(_ error: any Error) -> String {
    switch error {
    case DecodingError.keyNotFound(let key, let context):
      "\(Self.field(context.codingPath + [key])) is missing"
    case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context),
      DecodingError.dataCorrupted(let context):
      "\(Self.field(context.codingPath)): \(context.debugDescription)"
    default: "\(error)"
    }
  }

  private static func field(_ path: [any CodingKey]) -> String {
    path.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }.joined(separator: ".")
  }
}
