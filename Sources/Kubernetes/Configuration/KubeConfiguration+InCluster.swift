import NIOSSL

extension KubeConfiguration {
  /// Where Kubernetes mounts a pod's service account.
  public static let serviceAccountDirectory = "/var/run/secrets/kubernetes.io/serviceaccount"

  /// The configuration of a pod, from its environment and service account.
  ///
  /// The token is read again for every request, because Kubernetes replaces it about every hour.
  static func inCluster(
    environment: [String: String], serviceAccount: String
  ) throws(KubeConfigurationError) -> KubeConfiguration {
    guard let host = environment["KUBERNETES_SERVICE_HOST"], !host.isEmpty,
      let port = environment["KUBERNETES_SERVICE_PORT"], !port.isEmpty
    else {
      throw KubeConfigurationError(
        "no Kubernetes API server: give --kubeconfig, set KUBECONFIG, or run in a pod "
          + "(KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set)")
    }
    let token = serviceAccount + "/token"
    guard SmallFile.read(token) != nil else {
      throw KubeConfigurationError("\(token): cannot be read; is automountServiceAccountToken off?")
    }
    var tls = TLSConfiguration.makeClientConfiguration()
    let authority = serviceAccount + "/ca.crt"
    guard let bytes = SmallFile.read(authority) else { throw KubeConfigurationError("\(authority): cannot be read") }
    tls.trustRoots = .certificates(try PEM.certificates(bytes, source: authority))
    let namespace = SmallFile.read(serviceAccount + "/namespace").map { SmallFile.text($0) }
    return KubeConfiguration(
      server: "https://\(host.contains(":") ? "[\(host)]" : host):\(port)", tls: tls,
      credentials: .tokenFile(path: token), namespace: namespace.flatMap { $0.isEmpty ? nil : $0 })
  }
}
