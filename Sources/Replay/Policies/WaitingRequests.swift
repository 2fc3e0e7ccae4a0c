import Endpoints
import FlowControl
import Scheduling

/// The requests that flow control keeps in front of the servers.
struct WaitingRequests {
  /// How often requests are looked for that have waited too long, in seconds.
  private static let expiryInterval = 0.1

  private let settings: FlowControlSettings
  private var queues: FlowQueues
  private var saturation: PoolSaturation
  private var requests: [FlowTicket: (request: ReplayRequest, number: Int)] = [:]
  private var expired: [Int] = []
  private var nextExpiry = 0.0

  init(_ settings: FlowControlSettings, plugins: LoadedPlugins, table: EndpointTable, countsPendingRequests: Bool) {
    self.settings = settings
    queues = FlowQueues(settings)
    saturation = PoolSaturation(
      plugins.saturationDetector, endpoints: table, countsPendingRequests: countsPendingRequests)
  }

  var isEmpty: Bool { requests.isEmpty && expired.isEmpty }

  /// Takes a request in; false if there is no room for it.
  mutating func add(_ request: ReplayRequest, number: Int, uncachedTokens: Double?, now: Double) -> Bool {
    let queued = QueuedRequest(
      flow: FlowKey(id: FlowKey.defaultID, priority: 0), bytes: request.promptTokens * 4, receivedAt: now,
      enqueuedAt: now, timeToLive: settings.timeToLive, uncachedTokens: uncachedTokens)
    guard case .success(let ticket) = queues.enqueue(queued) else { return false }
    requests[ticket] = (request, number)
    return true
  }

  /// The request whose turn it is; without the request when its time is over.
  mutating func next(now: Double) -> (number: Int, request: ReplayRequest?)? {
    if now >= nextExpiry {
      nextExpiry = now + Self.expiryInterval
      for ticket in queues.expire(now: now).tickets {
        if let gone = requests.removeValue(forKey: ticket) { expired.append(gone.number) }
      }
    }
    if let number = expired.popLast() { return (number, nil) }
    guard !requests.isEmpty else { return nil }
    let reading = saturation.read(now: now)
    guard let ticket = queues.dispatch(saturation: reading.effective, now: now)?.ticket,
      let next = requests.removeValue(forKey: ticket)
    else { return nil }
    return (next.number, next.request)
  }
}
