/// One line of a watch.
package enum WatchEvent<Object: KubeObject>: Decodable, Sendable {
  /// The object is new, or is now like this.
  case changed(Object)
  /// The object is gone.
  case deleted(Object)
  /// Nothing happened up to this version. With `endsInitialEvents`, what came before was the state at the beginning.
  case bookmark(resourceVersion: String, endsInitialEvents: Bool)
  /// The watch cannot go on.
  case failed(KubeError)
  /// A type that is not known; or an object that cannot be read, whose problem is told.
  case skipped(resourceVersion: String?, problem: String)

  private enum CodingKeys: String, CodingKey {
    case type, object
  }

  private struct Versioned: Decodable {
    struct Metadata: Decodable {
      var resourceVersion: String?
      var annotations: [String: String]?
    }

    var metadata: Metadata
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let type = try container.decode(String.self, forKey: .type)
    switch type {
    case "ADDED", "MODIFIED", "DELETED":
      do {
        let object = try container.decode(Object.self, forKey: .object)
        self = type == "DELETED" ? .deleted(object) : .changed(object)
      } catch {
        let version = try container.decode(Versioned.self, forKey: .object).metadata.resourceVersion
        self = .skipped(resourceVersion: version, problem: "\(error)")
      }
    case "BOOKMARK":
      let metadata = try container.decode(Versioned.self, forKey: .object).metadata
      self = .bookmark(
        resourceVersion: metadata.resourceVersion ?? "",
        endsInitialEvents: metadata.annotations?["k8s.io/initial-events-end"] == "true")
    case "ERROR":
      let status = try container.decode(StatusObject.self, forKey: .object)
      self = .failed(
        .status(
          code: status.code ?? 0, reason: status.reason ?? "", message: status.message ?? "",
          retryAfterSeconds: status.details?.retryAfterSeconds.map(Double.init)))
    default:
      self = .skipped(resourceVersion: nil, problem: "watch event of unknown type \(type)")
    }
  }
}
