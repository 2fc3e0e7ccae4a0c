import FoundationEssentials
import NIOSSL
import Testing

import Kubernetes

@Suite struct KubeConfigurationTests {
  private let directory: TemporaryDirectory

  init() throws {
    directory = try TemporaryDirectory()
  }

  private func load(_ text: String) throws -> KubeConfiguration {
    try KubeConfiguration.load(paths: [directory.write("config", text)], home: nil)
  }

  private func document(user: String = "{token: secret}", cluster: String = "") -> String {
    """
    apiVersion: v1
    kind: Config
    current-context: here
    contexts:
    - {name: there, context: {cluster: far, user: me}}
    - {name: here, context: {cluster: near, user: me, namespace: models}}
    clusters:
    - {name: near, cluster: {server: "https://10.0.0.1:6443/"\(cluster)}}
    users:
    - name: me
      user: \(user)
    preferences: {colors: true}
    """
  }

  @Test func theCurrentContextCounts() throws {
    let configuration = try load(document())
    #expect(configuration.server == "https://10.0.0.1:6443")
    #expect(configuration.namespace == "models")
    #expect(configuration.credentials == .token("secret"))
    #expect(configuration.credentials.authorization == "Bearer secret")
  }

  @Test func tokenFilesAreReadAgainEveryTime() throws {
    _ = try directory.write("token", "first\n")
    let credentials = try load(document(user: "{tokenFile: token}")).credentials
    #expect(credentials.authorization == "Bearer first")
    _ = try directory.write("token", "second")
    #expect(credentials.authorization == "Bearer second")
  }

  @Test func namesAndPasswords() throws {
    #expect(
      try load(document(user: "{username: me, password: secret}")).credentials.authorization == "Basic bWU6c2VjcmV0")
  }

  @Test(arguments: [
    ("{exec: {command: aws}}", "", "user \"me\": exec credential plugins are not supported"),
    ("{auth-provider: {name: gcp}}", "", "user \"me\": auth-provider is not supported"),
    ("{client-certificate-data: \"????\"}", "", "client-certificate"),
    ("{client-key: missing.key}", "", "client-key"),
    ("{token: x}", ", proxy-url: \"http://proxy\"", "cluster \"near\": proxy-url is not supported"),
    ("{token: x}", ", certificate-authority: missing.crt", "missing.crt cannot be read"),
    ("{token: x}", ", certificate-authority-data: aGFsbG8=", "certificate-authority: not a PEM certificate"),
  ])
  func whatCannotBeUsedIsNamed(user: String, cluster: String, message: String) throws {
    let error = #expect(throws: KubeConfigurationError.self) {
      try load(document(user: user, cluster: cluster))
    }
    #expect(error?.description.contains(message) == true, "\(String(describing: error))")
  }

  @Test(arguments: [
    ("current-context: here", "current-context: nowhere", "context \"nowhere\" is not defined"),
    ("current-context: here", "", "current-context is not set"),
    ("current-context: here", "current-context: there", "cluster \"far\" is not defined"),
    ("server: \"https://10.0.0.1:6443/\"", "server: \"10.0.0.1\"", "server must be an http:// or https:// URL"),
    ("server: \"https://10.0.0.1:6443/\"", "url: x", "server is missing"),
  ])
  func mistakesAreNamed(part: String, other: String, message: String) throws {
    let text = document().split(separator: part, maxSplits: 1, omittingEmptySubsequences: false).joined(
      separator: other)
    let error = #expect(throws: KubeConfigurationError.self) { try load(text) }
    #expect(error?.description.contains(message) == true, "\(String(describing: error))")
  }

  @Test func severalFilesAreMergedAndTheFirstWord() throws {
    let first = try directory.write("first", "current-context: c\nusers: [{name: u, user: {token: one}}]\n")
    let second = try directory.write(
      "second",
      """
      current-context: other
      contexts: [{name: c, context: {cluster: k, user: u}}]
      clusters: [{name: k, cluster: {server: "https://k"}}]
      users: [{name: u, user: {token: two}}]
      """)
    let configuration = try KubeConfiguration.find(
      path: "", environment: ["KUBECONFIG": "\(first):/nonexistent:\(second)"])
    #expect(configuration.server == "https://k")
    #expect(configuration.credentials == .token("one"))
  }

  @Test func podsUseTheirServiceAccount() throws {
    _ = try directory.write("token", "abc")
    _ = try directory.write("ca.crt", Self.certificate)
    _ = try directory.write("namespace", "models")
    let environment = ["KUBERNETES_SERVICE_HOST": "10.96.0.1", "KUBERNETES_SERVICE_PORT": "443"]
    let configuration = try KubeConfiguration.find(
      path: "", environment: environment, serviceAccount: directory.path)
    #expect(configuration.server == "https://10.96.0.1:443")
    #expect(configuration.namespace == "models")
    #expect(configuration.credentials == .tokenFile(path: "\(directory.path)/token"))
    let v6 = try KubeConfiguration.find(
      path: "", environment: ["KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "443"],
      serviceAccount: directory.path)
    #expect(v6.server == "https://[fd00::1]:443")
  }

  @Test func theAuthorityOfTheServiceAccountIsReadAgainEveryTime() throws {
    _ = try directory.write("token", "abc")
    _ = try directory.write("ca.crt", Self.certificate)
    let configuration = try KubeConfiguration.find(
      path: "", environment: ["KUBERNETES_SERVICE_HOST": "10.96.0.1", "KUBERNETES_SERVICE_PORT": "443"],
      serviceAccount: directory.path)
    try checkRereading(configuration, "ca.crt")
  }

  @Test func theAuthorityFileOfAKubeconfigIsReadAgainEveryTime() throws {
    _ = try directory.write("authority.pem", Self.certificate)
    try checkRereading(load(document(cluster: ", certificate-authority: authority.pem")), "authority.pem")
  }

  @Test func anAuthorityInTheKubeconfigGoesBeforeAFile() throws {
    _ = try directory.write("authority.pem", Self.other)
    let data = Data(Self.certificate.utf8).base64EncodedString()
    let configuration = try load(
      document(cluster: ", certificate-authority: authority.pem, certificate-authority-data: \(data)"))
    let expected = try NIOSSLCertificate.fromPEMBytes(Array(Self.certificate.utf8))
    #expect(configuration.currentTLS.trustRoots == .certificates(expected))
  }

  /// Goes through the life of a file with a CA; it holds the first certificate at the beginning.
  private func checkRereading(_ configuration: KubeConfiguration, _ file: String) throws {
    let first = try NIOSSLCertificate.fromPEMBytes(Array(Self.certificate.utf8))
    let second = try NIOSSLCertificate.fromPEMBytes(Array(Self.other.utf8))
    #expect(configuration.currentTLS.trustRoots == .certificates(first))
    // While a CA is rotated, files hold both.
    _ = try directory.write(file, Self.certificate + "\n" + Self.other)
    #expect(configuration.currentTLS.trustRoots == .certificates(first + second))
    _ = try directory.write(file, "half a certifi")
    #expect(configuration.currentTLS.trustRoots == .certificates(first + second))
    _ = try directory.write(file, Self.other)
    #expect(configuration.currentTLS.trustRoots == .certificates(second))
    #expect(configuration.currentTLS.bestEffortEquals(configuration.currentTLS))
    try FileManager.default.removeItem(atPath: "\(directory.path)/\(file)")
    #expect(configuration.currentTLS.trustRoots == .certificates(second))
  }

  @Test func outsideOfKubernetesTheMessageTellsTheWays() {
    let error = #expect(throws: KubeConfigurationError.self) {
      try KubeConfiguration.find(path: "", environment: [:])
    }
    for word in ["--kubeconfig", "KUBECONFIG", "KUBERNETES_SERVICE_HOST"] {
      #expect(error?.description.contains(word) == true)
    }
  }

  /// Made for these tests with `openssl req -x509 -newkey ec`; its key was thrown away.
  private static let certificate = """
    -----BEGIN CERTIFICATE-----
    MIIBfjCCASWgAwIBAgIUYGONGP5d/77kXRcNZpssl/rtVrwwCgYIKoZIzj0EAwIw
    FDESMBAGA1UEAwwJZXBwLXRlc3RzMCAXDTI2MTEyNTAyMzc1MloYDzIxMjYxMTAx
    MDIzNzUyWjAUMRIwEAYDVQQDDAllcHAtdGVzdHMwWTATBgcqhkjOPQIBBggqhkjO
    PQMBBwNCAAQ0BCkOBpQZkvQZK+ehNxTyyaejju2EAiMz4Kaaj9unqPmKY5tcoosm
    TeX0Nt9TNfJGCJHfDqgM0i549/vUm0Zmo1MwUTAdBgNVHQ4EFgQUXD0rfsMoy3y7
    iQDUv8vpBCOSjLswHwYDVR0jBBgwFoAUXD0rfsMoy3y7iQDUv8vpBCOSjLswDwYD
    VR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNHADBEAiAgsknb0r+kknT7HVsC+1hx
    Q/axi3HdQFHGVeSUWML01gIgCdc22tFuZ9NberYqKt62T0gInjQa9XNxbHTJfAAU
    4FA=
    -----END CERTIFICATE-----
    """

  /// Made in the same way.
  private static let other = """
    -----BEGIN CERTIFICATE-----
    MIIBjDCCATGgAwIBAgIUYfPh8TmALce+jN9W1CuvCJ1JP1EwCgYIKoZIzj0EAwIw
    GjEYMBYGA1UEAwwPZXBwLXRlc3RzLW90aGVyMCAXDTI2MTEyNTIxMzMwMloYDzIx
    MjYxMTAxMjEzMzAyWjAaMRgwFgYDVQQDDA9lcHAtdGVzdHMtb3RoZXIwWTATBgcq
    hkjOPQIBBggqhkjOPQMBBwNCAAQBW0FYh/BowmtpOzhRsF29wKHumBK9AF9L7NoL
    4qwO2B7RoQiHoIXkYhPmZv7zMv5ymB9bsZUjpj762k/9J3OAo1MwUTAdBgNVHQ4E
    FgQUC7pCq4gQCPeqTatq1xxgGkKwPYswHwYDVR0jBBgwFoAUC7pCq4gQCPeqTatq
    1xxgGkKwPYswDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNJADBGAiEA81qV
    6Nm836qqeQBtbS4mA+DsdupVL2xMXssvZknpDTkCIQCFTsbT62fmqtAP5amYLWwg
    afkp3AYtL+aooKrQWUrp9w==
    -----END CERTIFICATE-----
    """
}
