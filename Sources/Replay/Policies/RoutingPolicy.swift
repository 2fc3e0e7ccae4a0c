/// Decides where requests go, and hears what becomes of them.
///
/// Used by one thread; everything it does follows from the calls it gets and its seed.
protocol RoutingPolicy: AnyObject {
  /// Chooses the server of a request.
  /// - Parameters:
  ///   - number: the request's place in the trace, by which later calls refer to it.
  ///   - now: seconds since the start of the trace.
  func place(_ request: ReplayRequest, number: Int, now: Double) -> Placement
  /// Lets the next request go that waits in front of the servers, if it is somebody's turn.
  func placeWaiting(now: Double) -> (number: Int, placement: Placement)?
  /// Whether requests wait in front of the servers.
  var hasWaiting: Bool { get }
  /// The first token of the answer has arrived.
  func answerBegan(number: Int, now: Double)
  /// The answer has ended, or the server refused the request.
  /// - Parameter cachedTokens: what the server had cached of the prompt, as the answer tells; nil when it was refused.
  func answerEnded(number: Int, now: Double, cachedTokens: Int?)
  /// A scrape of a server is being sent.
  func scrapeBegan(server: Int)
  /// The scrape has been read.
  func scraped(_ state: ServerState, server: Int, now: Double)
}

/// What becomes of a request.
enum Placement: Sendable, Hashable {
  /// It goes to the server of this index.
  case server(Int)
  /// It waits; ``RoutingPolicy/placeWaiting(now:)`` tells when it goes.
  case waits
  case turnedAway
}

/// What a server's metrics page says.
struct ServerState: Sendable, Hashable {
  var waiting: Int
  var running: Int
  var cacheUsage: Double
  var blockSize: Int
  var blockCount: Int
}

extension RoutingPolicy {
  // Most policies know nothing but what they placed, and keep nobody waiting.
  func placeWaiting(now: Double) -> (number: Int, placement: Placement)? { nil }
  var hasWaiting: Bool { false }
  func answerBegan(number: Int, now: Double) {}
  func answerEnded(number: Int, now: Double, cachedTokens: Int?) {}
  func scrapeBegan(server: Int) {}
  func scraped(_ state: ServerState, server: Int, now: Double) {}
}
