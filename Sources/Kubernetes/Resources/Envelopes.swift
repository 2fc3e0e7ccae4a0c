/// An answer that says why there is no other (`Status`).
struct StatusObject: Decodable, Sendable {
  struct Details: Decodable, Sendable {
    var retryAfterSeconds: Int?
  }

  var code: Int?
  var reason: String?
  var message: String?
  var details: Details?
}

/// One page of a list. An item that cannot be read is left out and does not spoil the others.
package struct ListPage<Item: KubeObject>: Decodable {
  package struct Metadata: Decodable {
    package var resourceVersion: String?
    package var `continue`: String?
  }

  private struct Lenient: Decodable {
    let result: Result<Item, any Error>

    init(from decoder: any Decoder) throws {
      result = Result { try Item(from: decoder) }
    }
  }

  package let metadata: Metadata
  package let items: [Item]
  /// Why items were left out.
  package let problems: [String]

  enum CodingKeys: String, CodingKey {
    case metadata, items
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    metadata = try container.decode(Metadata.self, forKey: .metadata)
    let all = try container.decodeIfPresent([Lenient].self, forKey: .items) ?? []
    var items: [Item] = []
    items.reserveCapacity(all.count)
    var problems: [String] = []
    for entry in all {
      switch entry.result {
      case .success(let item): items.append(item)
      case .failure(let error): problems.append("\(error)")
      }
    }
    self.items = items
    self.problems = problems
  }
}
