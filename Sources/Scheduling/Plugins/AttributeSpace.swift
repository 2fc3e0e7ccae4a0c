import Synchronization

/// A number for each candidate, or for the request, that one plugin produces and others read.
public struct AttributeID: Sendable, Hashable {
  let index: Int
}

/// An object that a plugin keeps for each event loop.
public struct WorkspaceID: Sendable, Hashable {
  let index: Int
}

/// Gives attributes their places. One for a configuration and those that replace it while the process runs.
public final class AttributeSpace: Sendable {
  private let names = Mutex<[String: Int]>([:])
  private let workspaces = Atomic<Int>(0)
  private let inquiries = Atomic<Int>(0)

  /// Configurations that replace each other leave objects behind that nobody asks for again.
  private static let maximumWorkspaces = 1 << 16

  /// Creates an empty space.
  public init() {}

  /// Whether so many places were given that another configuration had better begin with a new space.
  var isSpent: Bool { !hasRoom || workspaces.load(ordering: .relaxed) > Self.maximumWorkspaces }

  /// Whether every attribute has got a place that exists.
  var hasRoom: Bool { names.withLock { $0.count } <= CycleArrays.maximumAttributes }

  /// A place for an object that a plugin keeps for each event loop; see ``SchedulingCycle/workspace(_:make:)``.
  public func makeWorkspace() -> WorkspaceID {
    WorkspaceID(index: workspaces.add(1, ordering: .relaxed).oldValue)
  }

  /// A name for the inquiries of a plugin.
  public func makeInquiry() -> InquiryID { InquiryID(index: inquiries.add(1, ordering: .relaxed).oldValue) }

  /// The attribute of a producer, the same for every call with the same names.
  /// - Parameters:
  ///   - name: what the attribute is, such as `prefix-match-blocks`.
  ///   - producer: name of the plugin instance that stores it.
  public func attribute(_ name: String, producer: String) -> AttributeID {
    names.withLock { names in
      let key = "\(name)/\(producer)"
      if let index = names[key] { return AttributeID(index: index) }
      names[key] = names.count
      return AttributeID(index: names.count - 1)
    }
  }
}

/// The attributes in which a producer tells how much of a prompt each candidate has cached.
public struct PrefixMatchAttributes: Sendable {
  /// For each candidate: leading blocks of the prompt that it holds.
  public let matchedBlocks: AttributeID
  /// For the request: blocks of the prompt.
  public let totalBlocks: AttributeID
  /// For the request: tokens of one block.
  public let blockSize: AttributeID

  /// The attributes of a producer; the default one unless named.
  public init(_ space: AttributeSpace, producer: String?) {
    let producer = producer ?? DataKind.prefixCacheMatch.defaultProducer
    matchedBlocks = space.attribute("prefix-match-blocks", producer: producer)
    totalBlocks = space.attribute("prefix-total-blocks", producer: producer)
    blockSize = space.attribute("prefix-block-size", producer: producer)
  }
}

/// What a producer tells about the load of candidates beyond the endpoint table's counters.
public struct InFlightLoadAttributes: Sendable {
  /// For each candidate: prompt tokens of this request that it would have to compute. Of the request: the least of them.
  public let uncachedRequestTokens: AttributeID

  /// The attributes of a producer.
  public init(_ space: AttributeSpace, producer: String = DataKind.inFlightLoad.defaultProducer) {
    uncachedRequestTokens = space.attribute("uncached-request-tokens", producer: producer)
  }
}

extension AttributeSpace {
  /// The text attribute in which a producer tells the session of a request.
  public func sessionID(producer: String = DataKind.sessionID.defaultProducer) -> AttributeID {
    attribute("session-id", producer: producer)
  }
}
