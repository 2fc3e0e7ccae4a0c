import CAccelerate
import Endpoints
import InferenceAPI

/// The scheduling of one request: the request, its candidates and their values as arrays.
///
/// Each event loop has one and uses it again for every request, so scheduling does not allocate once warm. Arrays are
/// in the order of the *current* candidates: filters shorten them. They are computed when first asked for and valid
/// until the next filter runs. Not thread-safe.
public final class SchedulingCycle {
  /// The pool's endpoints.
  public let table: EndpointTable
  /// The request being scheduled.
  public private(set) var request = SchedulingRequest()
  /// The endpoints as they were when the cycle began.
  public private(set) var snapshot: EndpointSnapshot
  /// Random numbers for pickers.
  public var random: RandomSource
  /// Grows by one with every request; tells plugins whether what they noted is about this request.
  public private(set) var requestNumber: UInt64 = 0
  /// Monotonic time of the cycle, in seconds.
  public private(set) var now = 0.0
  /// Whether requests placed since the last scrape count as load. Off reproduces a picker that sees scraped values only.
  public var countsPendingRequests: Bool

  /// Number of current candidates.
  public private(set) var count = 0
  /// Candidates before any filter ran.
  private(set) var allCount = 0
  /// Indexes into `snapshot.endpoints` of all candidates; nil when they are all endpoints in order.
  private var subset: UnsafeMutablePointer<Int>?
  /// Slots of all candidates in order, where they are a stretch of a pool's that has no gaps.
  private var slots: Range<Int>?
  /// Positions among all candidates of the current ones; nil when they are all, in order.
  private var active: UnsafeMutablePointer<Int>?

  private var scratch = Scratch()
  private let arrays = CycleArrays()
  private var workspaces: [AnyObject?] = []
  private var texts: [(attribute: AttributeID, value: UnsafeRawBufferPointer)] = []
  var sparePicks: [Int] = []
  var spareProfiles: [Int] = []

  /// Results of the profiles that ran, by profile index.
  public internal(set) var results: [ProfileResult] = []
  /// What plugins change in the request besides its destination.
  public internal(set) var forwarding = ForwardingChanges()
  /// The endpoint that another stage of this request was placed on, for plugins that want to stay close to it.
  public var peerEndpoint: Endpoint?
  /// Names of the scheduler's profiles, in the order of ``results``.
  var profileNames: ProfileNames?
  /// How many producers have run for this request.
  var producedCount = 0
  /// What other processes answered about this request.
  private var answers: [InquiryAnswer] = []
  /// Notes on the decision for people, kept only while set.
  public var trace: DecisionTrace?
  /// Learns how long plugins take, only while set.
  public var stopwatch: (any PluginStopwatch)?

  /// Creates a cycle.
  public init(table: EndpointTable, seed: UInt64, countsPendingRequests: Bool = true) {
    self.table = table
    self.countsPendingRequests = countsPendingRequests
    self.snapshot = table.snapshot()
    self.random = RandomSource(seed: seed)
  }

  /// Starts over with a request and all endpoints as candidates.
  public func begin(_ request: SchedulingRequest, now: Double) {
    self.request = request
    self.now = now
    requestNumber &+= 1
    trace = nil
    if stopwatch != nil { stopwatch = nil }
    producedCount = 0
    if !answers.isEmpty { answers.removeAll() }
    primaryProfile = nil
    if peerEndpoint != nil { peerEndpoint = nil }
    if !forwarding.isEmpty { forwarding.clear() }
    if !texts.isEmpty { texts.removeAll(keepingCapacity: true) }
    if snapshot.version != table.version { snapshot = table.snapshot() }
    scratch.reset()
    subset = nil
    slots = snapshot.isDense ? 0..<snapshot.slotBound : nil
    active = nil
    allCount = snapshot.endpoints.count
    count = allCount
    arrays.forgetAll()
    // Before the results, which could not keep their memory while they are shared.
    if !placements.isEmpty { placements.removeAll(keepingCapacity: true) }
    for index in results.indices { results[index].clear() }
  }

  /// Limits the candidates to these indexes of `snapshot.endpoints`. Call right after ``begin(_:now:)``.
  public func restrict(to indexes: [Int]) {
    let chosen = scratch.take(max(indexes.count, 1), of: Int.self)
    for (position, index) in indexes.enumerated() { chosen[position] = index }
    subset = chosen
    slots = nil
    allCount = indexes.count
    count = allCount
  }

  /// Limits the candidates to a stretch of `snapshot.endpoints`, whose values then cost no more than it is long where
  /// the pool's slots have no gaps. Call right after ``begin(_:now:)``.
  func restrict(to stretch: Range<Int>) {
    let chosen = scratch.take(max(stretch.count, 1), of: Int.self)
    for (position, index) in stretch.enumerated() { chosen[position] = index }
    subset = chosen
    slots = snapshot.isDense ? stretch : nil
    allCount = stretch.count
    count = allCount
  }

  /// Puts the tokens that a tokenizer made in the place of the request's prompts, for the producers behind the one that
  /// calls this. The tokens must outlive the scheduling cycle.
  public func setTokens(_ tokens: PromptSegments, media: [TokenizedMedia]) {
    request.inference = request.inference?.tokenized(as: tokens)
    request.media = media
  }

  /// Adds what other processes answered about the request. Call before it is scheduled.
  public func setAnswers(_ answers: [InquiryAnswer]) { self.answers = answers }

  /// What came of a plugin's question about this request; nil when it has not asked.
  public func answer(to id: InquiryID) -> InquiryAnswer? { answers.last { $0.id == id } }

  // MARK: Candidates

  /// The endpoint at a position of the current candidates.
  @inline(__always)
  public func endpoint(_ position: Int) -> Endpoint { snapshot.endpoints[endpointIndex(ofAll: allPosition(position))] }

  /// The endpoint at a position of all candidates.
  func endpoint(ofAll position: Int) -> Endpoint { snapshot.endpoints[endpointIndex(ofAll: position)] }

  @inline(__always)
  func allPosition(_ position: Int) -> Int { active.map { $0[position] } ?? position }

  @inline(__always)
  private func endpointIndex(ofAll position: Int) -> Int { subset.map { $0[position] } ?? position }

  /// The index in `snapshot.endpoints` of a current candidate; what a ``SnapshotCache`` is indexed by.
  @inline(__always)
  public func snapshotIndex(_ position: Int) -> Int { endpointIndex(ofAll: allPosition(position)) }

  /// Whether the current candidates are all endpoints of the snapshot, in its order.
  var hasAllEndpoints: Bool { active == nil && subset == nil }

  /// The slot of a current candidate, without a look at the endpoint where the pool's slots have no gaps.
  @inline(__always)
  public func slot(_ position: Int) -> Int {
    let index = snapshotIndex(position)
    return snapshot.isDense ? index : snapshot.endpoints[index].slot
  }

  /// The position among the current candidates of an endpoint of the snapshot; nil when it is not one of them.
  public func position(ofSnapshotIndex index: Int) -> Int? {
    if active == nil, subset == nil { return index < count ? index : nil }
    return (0..<count).first { snapshotIndex($0) == index }
  }

  /// Runs a filter on the current candidates.
  func apply(_ filter: any Filter) {
    let flags = UnsafeMutableBufferPointer(start: scratch.take(max(count, 1), of: Bool.self), count: count)
    flags.initialize(repeating: true)
    filter.filter(self, keep: flags)
    guard flags.contains(false) else { return }
    let kept = scratch.take(max(count, 1), of: Int.self)
    var next = 0
    for position in 0..<count where flags[position] {
      kept[next] = allPosition(position)
      next += 1
    }
    active = kept
    count = next
    forgetActiveValues()
  }

  /// Makes all candidates current again.
  func forgetFilters() {
    guard active != nil else { return }
    active = nil
    count = allCount
    forgetActiveValues()
  }

  private func forgetActiveValues() {
    arrays.forgetActive()
  }

  // MARK: Values of the endpoints

  /// The values of a column for the current candidates.
  public func values(_ column: ColumnID) -> UnsafeBufferPointer<Double> {
    current(column.index) { cycle, slots, target in cycle.table.copy(column, slots: slots, into: target) }
  }

  /// Requests waiting: scraped, plus those placed since the scrape unless switched off.
  public var queueDepths: UnsafeBufferPointer<Double> {
    sum(.waitingQueueSize, at: CycleArrays.queueDepthIndex)
  }

  /// Requests running: scraped, plus those placed since the scrape unless switched off.
  public var runningRequests: UnsafeBufferPointer<Double> {
    sum(.runningRequests, at: CycleArrays.runningIndex)
  }

  /// Requests placed since the last scrape.
  public var pendingRequests: UnsafeBufferPointer<Double> {
    current(CycleArrays.pendingIndex) { cycle, slots, target in
      cycle.table.copyPendingRequests(slots: slots, into: target)
    }
  }

  /// Requests in flight, placed by this process.
  public var inFlightRequests: UnsafeBufferPointer<Double> {
    current(CycleArrays.inFlightIndex) { cycle, slots, target in
      cycle.table.copyInFlightRequests(slots: slots, into: target)
    }
  }

  /// Prompt tokens of requests in flight that wait for their first token.
  public var inFlightTokens: UnsafeBufferPointer<Double> {
    current(CycleArrays.inFlightTokensIndex) { cycle, slots, target in
      cycle.table.copyInFlightTokens(slots: slots, into: target)
    }
  }

  /// The slots of the current candidates where they are a stretch, in order.
  var slotsOfAll: Range<Int>? { active == nil ? slots : nil }

  /// Values that are computed from the endpoint table's columns as they are copied, for the current candidates. Not kept.
  func computed(
    _ copy: (SchedulingCycle, Range<Int>, UnsafeMutablePointer<Double>) -> Void
  ) -> UnsafeMutablePointer<Double> {
    selectActive(gather(copy))
  }

  private func sum(_ column: ColumnID, at index: Int) -> UnsafeBufferPointer<Double> {
    guard countsPendingRequests else { return values(column) }
    if let known = arrays.activeValues[index] { return UnsafeBufferPointer(start: known, count: count) }
    let target = scratch.take(max(count, 1), of: Double.self)
    if let scraped = values(column).baseAddress, let pending = pendingRequests.baseAddress {
      epp_sum_f64(scraped, pending, target, count)
    }
    arrays.activeValues[index] = target
    return UnsafeBufferPointer(start: target, count: count)
  }

  private func current(
    _ index: Int, _ copy: (SchedulingCycle, Range<Int>, UnsafeMutablePointer<Double>) -> Void
  ) -> UnsafeBufferPointer<Double> {
    if let known = arrays.activeValues[index] { return UnsafeBufferPointer(start: known, count: count) }
    let all = arrays.allValues[index] ?? gather(copy)
    arrays.allValues[index] = all
    let values = selectActive(all)
    arrays.activeValues[index] = values
    return UnsafeBufferPointer(start: values, count: count)
  }

  /// The values of all candidates, from a copy by slot.
  private func gather(
    _ copy: (SchedulingCycle, Range<Int>, UnsafeMutablePointer<Double>) -> Void
  ) -> UnsafeMutablePointer<Double> {
    let wanted = slots ?? 0..<snapshot.slotBound
    let bySlot = scratch.take(max(wanted.count, 1), of: Double.self)
    copy(self, wanted, bySlot)
    if slots != nil { return bySlot }
    let gathered = scratch.take(max(allCount, 1), of: Double.self)
    for position in 0..<allCount { gathered[position] = bySlot[endpoint(ofAll: position).slot] }
    return gathered
  }

  private func selectActive(_ all: UnsafeMutablePointer<Double>) -> UnsafeMutablePointer<Double> {
    guard let active else { return all }
    let selected = scratch.take(max(count, 1), of: Double.self)
    for position in 0..<count { selected[position] = all[active[position]] }
    return selected
  }

  // MARK: Attributes

  /// An attribute of the current candidates, nil if nobody produced it.
  public func attribute(_ id: AttributeID) -> UnsafeBufferPointer<Double>? {
    guard id.index < CycleArrays.maximumAttributes, let all = arrays.attributes[id.index] else { return nil }
    let values = arrays.activeAttributes[id.index] ?? selectActive(all)
    arrays.activeAttributes[id.index] = values
    return UnsafeBufferPointer(start: values, count: count)
  }

  /// Gives a producer the place for an attribute, all zero. Producers run before filters, so the order is that of all
  /// candidates.
  public func makeAttribute(_ id: AttributeID) -> UnsafeMutableBufferPointer<Double> {
    let values = takeAttribute(id)
    values.initialize(repeating: 0)
    return values
  }

  /// ``makeAttribute(_:)`` for a producer that sets every value itself: they are uninitialised.
  func takeAttribute(_ id: AttributeID) -> UnsafeMutableBufferPointer<Double> {
    let values = UnsafeMutableBufferPointer(start: scratch.take(max(allCount, 1), of: Double.self), count: allCount)
    if id.index < CycleArrays.maximumAttributes {
      arrays.attributes[id.index] = values.baseAddress
      arrays.activeAttributes[id.index] = nil
    }
    return values
  }

  /// An attribute of one of all candidates, whether it is a current one or not; nil if nobody produced it.
  /// - Parameter candidate: a position among all candidates, such as those in ``ProfileResult/candidates``.
  public func attribute(_ id: AttributeID, ofCandidate candidate: Int) -> Double? {
    guard id.index < CycleArrays.maximumAttributes, candidate >= 0, candidate < allCount else { return nil }
    return arrays.attributes[id.index]?[candidate]
  }

  /// An attribute of the request, nil if nobody produced it.
  public func scalar(_ id: AttributeID) -> Double? {
    guard id.index < CycleArrays.maximumAttributes, !arrays.scalars[id.index].isNaN else { return nil }
    return arrays.scalars[id.index]
  }

  /// Stores an attribute of the request.
  public func setScalar(_ id: AttributeID, _ value: Double) {
    if id.index < CycleArrays.maximumAttributes { arrays.scalars[id.index] = value }
  }

  /// A text attribute of the request, nil if nobody produced it. Valid during the scheduling cycle.
  public func text(_ id: AttributeID) -> UnsafeRawBufferPointer? { texts.last { $0.attribute == id }?.value }

  /// Stores a text attribute of the request; the bytes must outlive the scheduling cycle.
  public func setText(_ id: AttributeID, _ value: UnsafeRawBufferPointer) { texts.append((id, value)) }

  /// The object a plugin keeps for this event loop, made at the first call; it lives as long as the cycle.
  public func workspace<Object: AnyObject>(_ id: WorkspaceID, make: () -> Object) -> Object {
    while workspaces.count <= id.index { workspaces.append(nil) }
    if let known = workspaces[id.index] as? Object { return known }
    let made = make()
    workspaces[id.index] = made
    return made
  }

  // MARK: For the pipeline

  /// The results that put the request on a server: the primary profile's and that of a profile named `prefill`.
  public internal(set) var placements: [ProfileResult] = []
  /// Index of the profile whose picks are the destination; nil until the request is placed.
  public internal(set) var primaryProfile: Int?

  /// The result of the profile with this name; nil if there is none or it chose no endpoint.
  public func result(ofProfile name: String) -> ProfileResult? {
    guard let index = profileNames?.names.firstIndex(of: name), index < results.count,
      !results[index].endpoints.isEmpty
    else { return nil }
    return results[index]
  }

  /// Memory until the next request, uninitialised.
  func takeScratch<Value: BitwiseCopyable>(_ count: Int, of type: Value.Type) -> UnsafeMutableBufferPointer<Value> {
    UnsafeMutableBufferPointer(start: scratch.take(max(count, 1), of: type), count: count)
  }

  /// Numbers until the next request, uninitialised.
  func takeNumbers(_ count: Int) -> UnsafeMutablePointer<Double> { scratch.take(max(count, 1), of: Double.self) }

  func makeScores() -> UnsafeMutableBufferPointer<Double> {
    let scores = UnsafeMutableBufferPointer(start: scratch.take(max(count, 1), of: Double.self), count: count)
    scores.initialize(repeating: 0)
    return scores
  }

  func prepareResults(profileCount: Int) {
    while results.count < profileCount { results.append(ProfileResult()) }
  }
}
