/// What a run does.
package struct LoadPlan: Sendable {
  /// When streams begin.
  package enum Arrivals: Sendable {
    /// A new one when one ends, so that this many are open on all connections together.
    case closed(inFlight: Int)
    /// At this rate a second on all connections together, whatever becomes of them.
    case open(rate: Double, spacing: ArrivalProcess.Spacing)
  }

  /// Where request bodies come from.
  package enum Bodies: Sendable {
    case chat(ChatBodies.Shape)
    case trace([TraceBodies.Row], model: String, stream: Bool)
  }

  /// How a stream is ended when everything was answered.
  package enum Ending: String, Sendable, CaseIterable {
    /// Half-close, then wait for the status.
    case halfClose = "half-close"
    /// Reset at once, as proxies may.
    case reset
  }

  package var host: String
  package var port: Int
  package var usesTLS = false
  package var connections = 1
  package var threads = 1
  package var arrivals = Arrivals.closed(inFlight: 16)
  /// Most streams of an open loop that are open at once on a connection; those beyond begin late and are measured from
  /// when they should have begun.
  package var maximumInFlight = 10_000
  package var bodies: Bodies
  /// Path of the requests.
  package var path = "/v1/chat/completions"
  /// Largest piece of a request body sent in one message; 0 for whole bodies.
  package var pieceBytes = 0
  /// The end of a body comes in an empty message of its own.
  package var separatesEnd = false
  package var response = ResponseScript.Shape.json(bytes: 512)
  /// Nanoseconds from the answer of the request to the beginning of the response.
  package var responseDelay: UInt64 = 0
  /// Nanoseconds between the messages of a response body; 0 sends them at once.
  package var messageInterval: UInt64 = 0
  package var ending = Ending.halfClose
  /// The endpoints that may be picked; empty for any.
  package var endpoints: [String] = []
  /// Nanoseconds.
  package var warmUp: UInt64 = 1_000_000_000
  /// Nanoseconds.
  package var duration: UInt64 = 10_000_000_000
  /// Nanoseconds a stream may take.
  package var timeout: UInt64 = 10_000_000_000
  package var seed: UInt64 = 1
  /// Processes of the picker, whose usage is measured.
  package var processes: [Int] = []

  package init(host: String, port: Int, bodies: Bodies) {
    self.host = host
    self.port = port
    self.bodies = bodies
  }

  func bodySource(worker: Int) -> any BodySource {
    switch bodies {
    case .chat(let shape): ChatBodies(shape, seed: seed, worker: worker)
    case .trace(let rows, let model, let stream):
      TraceBodies(rows, model: model, stream: stream, worker: worker, workers: connections)
    }
  }
}
