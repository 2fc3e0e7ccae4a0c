import Endpoints

/// What one request counts: a lease on the endpoint that answers, and leases on endpoints of earlier stages such as
/// prefill, which end when the response begins.
struct Leases: ~Copyable {
  private var primary: Lease
  private let holdsTokens: Bool
  /// Almost always empty.
  private var stages: [StageLease] = []

  /// - Parameter holdsTokens: the prompt tokens count until the response ends rather than until it begins.
  init(_ primary: consuming Lease, holdsTokens: Bool = false) {
    self.primary = primary
    self.holdsTokens = holdsTokens
  }

  /// Counts the request on another stage's endpoint too.
  mutating func add(_ lease: consuming Lease) { stages.append(StageLease(lease)) }

  /// Prompt tokens counted on the endpoint that answers.
  var promptTokens: Int { primary.promptTokens }

  /// Slot of the endpoint that answers.
  var slot: Int { primary.slot }

  /// Another endpoint answers.
  mutating func move(to slot: Int) { primary.move(to: slot) }

  /// The response begins: the prompt has been processed.
  mutating func responseStarted() {
    stages.removeAll()
    if !holdsTokens { primary.promptProcessed() }
  }
}

/// A lease in an array: arrays hold no noncopyable values.
private final class StageLease {
  private let lease: Lease

  init(_ lease: consuming Lease) {
    self.lease = lease
  }
}
