import EndpointPicker
import Foundation
import Synchronization
import Testing

@Suite struct KubernetesAuthorizerTests {
  /// An API server that knows one token, and who may read `/metrics`.
  private final class Server: ReviewAPI {
    struct Down: Error {}

    let posts = Mutex<[(path: String, json: String)]>([])
    let isDown = Mutex(false)
    let allows = Mutex(true)

    func create(path: String, json: [UInt8]) async throws -> [UInt8] {
      if isDown.withLock({ $0 }) { throw Down() }
      let text = String(decoding: json, as: UTF8.self)
      posts.withLock { $0.append((path, text)) }
      guard let object = try JSONSerialization.jsonObject(with: Data(json)) as? [String: Any],
        let spec = object["spec"] as? [String: Any]
      else { return Array("{}".utf8) }
      switch object["kind"] as? String {
      case "TokenReview":
        let answer =
          spec["token"] as? String == "good"
          ? "{\"status\":{\"authenticated\":true,\"user\":{\"username\":\"prometheus\",\"groups\":[\"g1\",\"g2\"]}}}"
          : "{\"status\":{\"authenticated\":false}}"
        return Array(answer.utf8)
      case "SubjectAccessReview":
        let isKnown = spec["user"] as? String == "prometheus" && spec["groups"] as? [String] == ["g1", "g2"]
        let what = spec["nonResourceAttributes"] as? [String: String]
        let isAllowed =
          isKnown && what == ["path": "/metrics", "verb": "get"] && allows.withLock { $0 }
        return Array("{\"status\":{\"allowed\":\(isAllowed)}}".utf8)
      default: return Array("{}".utf8)
      }
    }
  }

  private let server = Server()

  @Test func asksWhoAndWhether() async {
    let authorizer = KubernetesAuthorizer(api: server)
    #expect(await authorizer.authorize(token: "good", method: "get", path: "/metrics") == .allowed)
    #expect(
      server.posts.withLock { $0.map(\.path) } == [
        "/apis/authentication.k8s.io/v1/tokenreviews", "/apis/authorization.k8s.io/v1/subjectaccessreviews",
      ])
    #expect(await authorizer.authorize(token: "good", method: "get", path: "/debug/state") == .forbidden)
    #expect(await authorizer.authorize(token: "bad", method: "get", path: "/metrics") == .unauthenticated)
  }

  @Test func nobodyIsAskedWithoutAToken() async {
    let authorizer = KubernetesAuthorizer(api: server)
    #expect(await authorizer.authorize(token: nil, method: "get", path: "/metrics") == .unauthenticated)
    #expect(
      await authorizer.authorize(token: String(repeating: "x", count: 1 << 20), method: "get", path: "/metrics")
        == .unauthenticated)
    #expect(server.posts.withLock { $0.isEmpty })
  }

  @Test func answersAreRememberedForAWhile() async {
    let time = Mutex(ContinuousClock.now)
    let authorizer = KubernetesAuthorizer(api: server, now: { time.withLock { $0 } })
    for _ in 0..<3 {
      #expect(await authorizer.authorize(token: "good", method: "get", path: "/metrics") == .allowed)
    }
    #expect(server.posts.withLock { $0.count } == 2)
    server.allows.withLock { $0 = false }
    time.withLock { $0 = $0.advanced(by: .seconds(61)) }
    #expect(await authorizer.authorize(token: "good", method: "get", path: "/metrics") == .forbidden)
  }

  @Test func failuresAreNotRemembered() async {
    let authorizer = KubernetesAuthorizer(api: server)
    server.isDown.withLock { $0 = true }
    guard case .failed = await authorizer.authorize(token: "good", method: "get", path: "/metrics") else {
      Issue.record("an API server that is down is a failure")
      return
    }
    server.isDown.withLock { $0 = false }
    #expect(await authorizer.authorize(token: "good", method: "get", path: "/metrics") == .allowed)
  }
}
