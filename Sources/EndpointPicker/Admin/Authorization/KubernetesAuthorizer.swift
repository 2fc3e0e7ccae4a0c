import Crypto
import Foundation
import Synchronization
import Telemetry

/// Asks a Kubernetes API server who a token belongs to (TokenReview) and whether they may read the path
/// (SubjectAccessReview), as the reference's metrics server does.
///
/// Answers are remembered for a while, those to failed questions are not. Tokens are remembered by their hash.
public final class KubernetesAuthorizer: MetricsAuthorizer {
  /// How long answers are believed.
  public struct Lifetimes: Sendable {
    /// Who a token belongs to, or that it belongs to nobody.
    public var identity = Duration.seconds(60)
    /// That a request is allowed.
    public var allowed = Duration.seconds(300)
    /// That it is not.
    public var denied = Duration.seconds(30)

    /// The reference's.
    public init() {}
  }

  private struct Question: Hashable {
    let tokenHash: SHA256Digest
    let method: String
    let path: String
  }

  private struct Answer {
    let authorization: MetricsAuthorization
    let expires: ContinuousClock.Instant
  }

  private static let maximumAnswers = 1_000
  private static let maximumTokenBytes = 16 << 10
  private static let tokenReviews = "/apis/authentication.k8s.io/v1/tokenreviews"
  private static let accessReviews = "/apis/authorization.k8s.io/v1/subjectaccessreviews"

  private let api: any ReviewAPI
  private let lifetimes: Lifetimes
  private let now: @Sendable () -> ContinuousClock.Instant
  private let answers = Mutex<[Question: Answer]>([:])

  /// - Parameters:
  ///   - api: the API server.
  ///   - now: the time.
  public init(
    api: any ReviewAPI, lifetimes: Lifetimes = Lifetimes(),
    now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
  ) {
    self.api = api
    self.lifetimes = lifetimes
    self.now = now
  }

  /// Asks, or remembers.
  public func authorize(token: String?, method: String, path: String) async -> MetricsAuthorization {
    guard let token, !token.isEmpty, token.utf8.count <= Self.maximumTokenBytes else { return .unauthenticated }
    let question = Question(tokenHash: SHA256.hash(data: Array(token.utf8)), method: method, path: path)
    if let known = answers.withLock({ $0[question] }), known.expires > now() { return known.authorization }
    let authorization: MetricsAuthorization
    do {
      authorization = try await ask(token, method, path)
    } catch {
      return .failed("\(error)")
    }
    let lifetime: Duration
    switch authorization {
    case .allowed: lifetime = min(lifetimes.allowed, lifetimes.identity)
    case .forbidden: lifetime = lifetimes.denied
    case .unauthenticated, .failed: lifetime = lifetimes.denied
    }
    remember(Answer(authorization: authorization, expires: now().advanced(by: lifetime)), for: question)
    return authorization
  }

  private func remember(_ answer: Answer, for question: Question) {
    let now = now()
    answers.withLock { answers in
      if answers.count >= Self.maximumAnswers { answers = answers.filter { $0.value.expires > now } }
      if answers.count >= Self.maximumAnswers { answers.removeAll() }
      answers[question] = answer
    }
  }

  // MARK: Reviews

  private struct TokenReview: Decodable {
    struct Status: Decodable {
      struct User: Decodable {
        var username: String?
        var uid: String?
        var groups: [String]?
      }

      var authenticated: Bool?
      var user: User?
    }

    var status: Status?
  }

  private struct AccessReview: Decodable {
    struct Status: Decodable {
      var allowed: Bool?
      var denied: Bool?
    }

    var status: Status?
  }

  private func ask(_ token: String, _ method: String, _ path: String) async throws -> MetricsAuthorization {
    var review = Self.beginReview("authentication.k8s.io/v1", "TokenReview")
    review.field("token", token)
    let answer: TokenReview = try await post(Self.tokenReviews, review)
    guard answer.status?.authenticated == true, let user = answer.status?.user else { return .unauthenticated }
    var access = Self.beginReview("authorization.k8s.io/v1", "SubjectAccessReview")
    access.field("user", user.username ?? "")
    if let uid = user.uid { access.field("uid", uid) }
    access.field("groups", user.groups ?? [])
    access.key("nonResourceAttributes")
    access.beginObject()
    access.field("path", path)
    access.field("verb", method)
    access.endObject()
    let verdict: AccessReview = try await post(Self.accessReviews, access)
    return verdict.status?.allowed == true && verdict.status?.denied != true ? .allowed : .forbidden
  }

  /// An object up to the inside of its `spec`.
  private static func beginReview(_ apiVersion: String, _ kind: String) -> JSONWriter {
    var json = JSONWriter()
    json.beginObject()
    json.field("apiVersion", apiVersion)
    json.field("kind", kind)
    json.key("spec")
    json.beginObject()
    return json
  }

  private func post<Answer: Decodable>(_ path: String, _ review: JSONWriter) async throws -> Answer {
    var review = review
    review.endObject()
    review.endObject()
    return try JSONDecoder().decode(Answer.self, from: Data(try await api.create(path: path, json: review.bytes)))
  }
}
