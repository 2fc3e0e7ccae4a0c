import Endpoints

/// Keeps books on where requests went, and corrects them when another endpoint served a request than was chosen.
public protocol PlacementFollower: PlacementObserver {
  /// Appends what ``requestMoved(_:from:to:table:)`` will need to know of the request just placed, some 16 KiB at most.
  ///
  /// Called on event loops after ``PlacementObserver/requestPlaced(_:)``: no waiting, no I/O.
  func note(_ cycle: SchedulingCycle, into numbers: inout [UInt64])

  /// The proxy reported that another endpoint served the request (Endpoint Picker protocol, served endpoint).
  /// - Parameters:
  ///   - numbers: what was noted.
  ///   - slot: the slot of the endpoint that was chosen.
  ///   - endpoint: the one that served.
  func requestMoved(_ numbers: ArraySlice<UInt64>, from slot: Int, to endpoint: Endpoint, table: EndpointTable)

  /// The chosen endpoint served the request and told what it had cached of its prompt.
  /// - Parameters:
  ///   - numbers: what was noted.
  ///   - slot: the slot of the endpoint.
  ///   - cachedShare: part of the prompt's tokens, 0…1.
  func requestServed(_ numbers: ArraySlice<UInt64>, slot: Int, cachedShare: Double, table: EndpointTable)
}

extension PlacementFollower {
  /// Most have nothing to learn from it.
  public func requestServed(_ numbers: ArraySlice<UInt64>, slot: Int, cachedShare: Double, table: EndpointTable) {}
}

/// What ``PlacementFollower``s noted about one request in flight.
///
/// Belongs to one stream at a time and keeps a little memory for the next one.
public final class PlacementNote {
  /// Numbers whose memory is kept for the next request.
  private static let keptCapacity = 64

  private var numbers: [UInt64] = []
  /// Where each follower's part ends.
  private var ends: [Int] = []

  /// Creates an empty note.
  public init() {}

  /// Forgets the request.
  public func clear() {
    guard !ends.isEmpty else { return }
    ends.removeAll(keepingCapacity: true)
    numbers.removeAll(keepingCapacity: numbers.capacity <= Self.keptCapacity)
  }

  /// Notes the request that a cycle has placed.
  public func take(_ cycle: SchedulingCycle, followers: [any PlacementFollower]) {
    clear()
    for follower in followers {
      follower.note(cycle, into: &numbers)
      ends.append(numbers.count)
    }
  }

  /// Tells the followers, the same as those that noted, what the endpoint had cached; the note is used up.
  public func requestServed(
    slot: Int, cachedShare: Double, followers: [any PlacementFollower], table: EndpointTable
  ) {
    var start = 0
    for (follower, end) in zip(followers, ends) {
      follower.requestServed(numbers[start..<end], slot: slot, cachedShare: cachedShare, table: table)
      start = end
    }
    clear()
  }

  /// Tells the followers, the same as those that noted, that another endpoint served; the note is used up.
  public func requestMoved(
    from slot: Int, to endpoint: Endpoint, followers: [any PlacementFollower], table: EndpointTable
  ) {
    var start = 0
    for (follower, end) in zip(followers, ends) {
      follower.requestMoved(numbers[start..<end], from: slot, to: endpoint, table: table)
      start = end
    }
    clear()
  }
}
