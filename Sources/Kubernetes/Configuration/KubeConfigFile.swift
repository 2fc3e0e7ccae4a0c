/// A kubeconfig file as it is written (`kind: Config`, `apiVersion: v1`), the parts that are used.
struct KubeConfigFile: Decodable, Sendable {
  struct Named<Value: Decodable & Sendable>: Decodable, Sendable {
    let name: String
    let value: Value

    private struct Key: CodingKey {
      let stringValue: String
      var intValue: Int? { nil }
      init(stringValue: String) { self.stringValue = stringValue }
      init?(intValue: Int) { nil }
    }

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: Key.self)
      name = try container.decode(String.self, forKey: Key(stringValue: "name"))
      // The one other field is called `cluster`, `context` or `user`.
      guard let key = container.allKeys.first(where: { $0.stringValue != "name" }) else {
        throw DecodingError.dataCorrupted(
          .init(codingPath: decoder.codingPath, debugDescription: "\"\(name)\" has a name and nothing else"))
      }
      value = try container.decode(Value.self, forKey: key)
    }
  }

  struct Cluster: Decodable, Sendable {
    var server: String
    var certificateAuthority: String?
    var certificateAuthorityData: String?
    var insecureSkipTLSVerify: Bool?
    var tlsServerName: String?
    var proxyURL: String?

    enum CodingKeys: String, CodingKey {
      case server
      case certificateAuthority = "certificate-authority"
      case certificateAuthorityData = "certificate-authority-data"
      case insecureSkipTLSVerify = "insecure-skip-tls-verify"
      case tlsServerName = "tls-server-name"
      case proxyURL = "proxy-url"
    }
  }

  struct Context: Decodable, Sendable {
    var cluster: String
    var user: String?
    var namespace: String?
  }

  struct User: Decodable, Sendable {
    /// Something whose contents do not matter.
    struct Present: Decodable, Sendable {
      init(from decoder: any Decoder) throws {}
    }

    var clientCertificate: String?
    var clientCertificateData: String?
    var clientKey: String?
    var clientKeyData: String?
    var token: String?
    var tokenFile: String?
    var username: String?
    var password: String?
    var exec: Present?
    var authProvider: Present?

    enum CodingKeys: String, CodingKey {
      case clientCertificate = "client-certificate"
      case clientCertificateData = "client-certificate-data"
      case clientKey = "client-key"
      case clientKeyData = "client-key-data"
      case token, tokenFile, username, password, exec
      case authProvider = "auth-provider"
    }
  }

  var clusters: [Named<Cluster>]?
  var contexts: [Named<Context>]?
  var users: [Named<User>]?
  var currentContext: String?

  enum CodingKeys: String, CodingKey {
    case clusters, contexts, users
    case currentContext = "current-context"
  }
}
