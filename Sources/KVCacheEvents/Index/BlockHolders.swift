import Synchronization

/// Which endpoints hold which blocks: the part of the precise index that requests look at.
///
/// One ``PreciseIndex`` writes what servers tell; event loops look prompts up and add what they expect. Thread-safe: a
/// lock is held for a slice of one call, 256 blocks or changes, so that neither a long prompt nor a large message holds
/// up anybody for more than tens of microseconds. Endpoints are the owner's numbers, 0 or more. (Precise prefix index.)
public final class BlockHolders: Sendable {
  private struct State {
    var holders: [UInt64: [BlockHolder]] = [:]
    var expected = ExpectedBlocks()
  }

  /// Blocks or changes of one time under the lock.
  static let slice = 256
  /// Endpoints that are remembered for one block; of more, the ones that came first are forgotten.
  public let maximumPerBlock: Int
  private let state = Mutex(State())

  /// An index that knows of nothing.
  public init(maximumPerBlock: Int = 10) {
    self.maximumPerBlock = max(1, maximumPerBlock)
  }

  /// Blocks that any endpoint holds or is expected to hold.
  public var count: Int { state.withLock { $0.holders.count } }

  // MARK: Requests

  /// Counts for each endpoint the blocks from the first on that it holds, given a part of a prompt's keys.
  /// - Parameters:
  ///   - keys: keys that follow one another in the prompt.
  ///   - start: blocks of the prompt before them, which `matches` knows of.
  /// - Returns: whether any endpoint holds all blocks so far, so that it is worth while to go on.
  public func match(
    _ keys: ArraySlice<UInt64>, after start: Int, weights: TierWeights, now: UInt64,
    into matches: inout PreciseMatches
  ) -> Bool {
    // Out of the matches, so that both can be changed in place.
    var touched: [Int] = []
    swap(&touched, &matches.touched)
    defer { swap(&touched, &matches.touched) }
    return matches.matches.withUnsafeMutableBufferPointer { matches in
      var index = keys.startIndex
      while index < keys.endIndex {
        let end = min(index + Self.slice, keys.endIndex)
        let goesOn = state.withLock { state in
          for position in index..<end {
            guard let holders = state.holders[keys[position]] else { return false }
            let before = Int32(truncatingIfNeeded: start + position - keys.startIndex)
            guard Self.count(holders, after: before, weights, now, matches, &touched) else { return false }
          }
          return true
        }
        guard goesOn else { return false }
        index = end
      }
      return true
    }
  }

  /// Counts one block. False if no endpoint holds it and all before.
  @inline(__always)
  private static func count(
    _ holders: [BlockHolder], after before: Int32, _ weights: TierWeights, _ now: UInt64,
    _ matches: UnsafeMutableBufferPointer<PreciseMatches.Match>, _ touched: inout [Int]
  ) -> Bool {
    var isHeld = false
    holders.withUnsafeBufferPointer { holders in
      for holder in holders {
        let endpoint = Int(holder.endpoint)
        guard endpoint < matches.count, matches[endpoint].blocks == before else { continue }
        let weight = holder.weight(weights, now: now)
        guard weight >= 0 else { continue }
        if before == 0 { touched.append(endpoint) }
        matches[endpoint].blocks = before &+ 1
        matches[endpoint].weight += weight
        isHeld = true
      }
    }
    return isHeld
  }

  /// Takes it that `endpoint` will hold `keys`, until the server says so or `deadline` passes. Times are the owner's, all
  /// of one clock that does not go back. What was expected until `now` is forgotten by and by.
  public func expect(_ keys: ArraySlice<UInt64>, endpoint: Int, until deadline: UInt64, now: UInt64 = 0) {
    let endpoint = Int32(clamping: endpoint)
    var index = keys.startIndex
    while index < keys.endIndex {
      let end = min(index + Self.slice, keys.endIndex)
      state.withLock { state in
        // More than is added, so that nothing stays for good.
        expire(&state, now: now, atMost: 2 * (end - index))
        for position in index..<end
        where state.expected.append(key: keys[position], endpoint: endpoint, deadline: deadline) {
          update(&state, keys[position], endpoint: endpoint, parts: 1, adds: true) {
            $0.expectedUntil = max($0.expectedUntil, deadline)
          }
        }
      }
      index = end
    }
  }

  /// Forgets what was expected until `now` at the latest.
  public func expire(now: UInt64) {
    while state.withLock({ expire(&$0, now: now, atMost: Self.slice) }) == Self.slice {}
  }

  /// Forgets what an endpoint is expected to hold.
  public func stopExpecting(endpoint: Int) {
    let endpoint = Int32(clamping: endpoint)
    state.withLock { state in
      for item in state.expected.removeAll(of: endpoint) {
        update(&state, item.key, endpoint: endpoint, parts: 1, adds: false) { $0.expectedUntil = 0 }
      }
    }
  }

  @discardableResult
  private func expire(_ state: inout State, now: UInt64, atMost limit: Int) -> Int {
    var taken = 0
    while taken < limit, let item = state.expected.popFirst(now: now) {
      taken += 1
      update(&state, item.key, endpoint: item.endpoint, parts: 1, adds: false) {
        if $0.expectedUntil <= now { $0.expectedUntil = 0 }
      }
    }
    return taken
  }

  // MARK: Servers

  /// Applies what a server told.
  func apply(_ changes: [HolderChange]) {
    var index = 0
    while index < changes.count {
      let end = min(index + Self.slice, changes.count)
      state.withLock { state in
        for change in changes[index..<end] {
          update(
            &state, change.key, endpoint: change.endpoint, parts: change.parts, adds: change.difference > 0
          ) {
            $0.change(change.tier, by: change.difference)
          }
        }
      }
      index = end
    }
  }

  /// Changes the hold of an endpoint on a key, and drops it when nothing keeps it.
  /// - Parameter adds: whether an endpoint that is not remembered becomes so.
  private func update(
    _ state: inout State, _ key: UInt64, endpoint: Int32, parts: Int32, adds: Bool,
    _ body: (inout BlockHolder) -> Void
  ) {
    if update(&state.holders[key, default: []], endpoint: endpoint, parts: parts, adds: adds, body) {
      state.holders[key] = nil
    }
  }

  /// True when no endpoint is left.
  private func update(
    _ list: inout [BlockHolder], endpoint: Int32, parts: Int32, adds: Bool, _ body: (inout BlockHolder) -> Void
  ) -> Bool {
    var index = list.firstIndex { $0.endpoint == endpoint } ?? list.count
    if index == list.count {
      guard adds else { return list.isEmpty }
      if list.count >= maximumPerBlock {
        list.removeFirst()
        index -= 1
      }
      list.append(BlockHolder(endpoint: endpoint, parts: parts))
    }
    list[index].parts = max(list[index].parts, parts)
    body(&list[index])
    if list[index].isEmpty { list.remove(at: index) }
    return list.isEmpty
  }
}
