extension KubeConfiguration {
  /// Where Kubernetes mounts a pod's service account.
  public static let serviceAccountDirectory = "/var/run/secrets/kubernetes.io/serviceaccount"

  /// The configuration of a pod, from its environment and service account.
  ///
  /// The token and the CA are read again for every request, because Kubernetes replaces the token about every hour, and
  /// the CA when it is rotated.
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
    let authority = serviceAccount + "/ca.crt"
    let namespace = SmallFile.read(serviceAccount + "/namespace").map { SmallFile.text($0) }
    return KubeConfiguration(
      server: "https://\(host.contains(":") ? "[\(host)]" : host):\(port)",
      authorityFile: try AuthorityFile(path: authority, source: authority), credentials: .tokenFile(path: token),
      namespace: namespace.flatMap { $0.isEmpty ? nil : $0 })
  }
}
