import ByteStorage
import GRPC
import NIOCore
import Synchronization

/// What happened in the calls of test methods, in the order the calls began. Written on event loops, read by tests.
final class CallLog: Sendable {
  struct Entry: Sendable {
    var messages = 0
    var halfCloses = 0
    var limits: [GRPCLimit] = []
    var ended = 0
    var wasReset = false
    var callsAfterEnd = 0
  }

  private let state = Mutex<[Entry]>([])
  private let authority = Mutex("")

  /// Whom the last call was for.
  var lastAuthority: String { authority.withLock { $0 } }

  fileprivate func note(authority bytes: [UInt8]) { authority.withLock { $0 = String(decoding: bytes, as: UTF8.self) } }

  var entries: [Entry] { state.withLock { $0 } }

  fileprivate func begin() -> Int {
    state.withLock { entries in
      entries.append(Entry())
      return entries.count - 1
    }
  }

  fileprivate func change(_ index: Int, _ body: (inout Entry) -> Void) {
    state.withLock { entries in
      if entries[index].ended > 0 { entries[index].callsAfterEnd += 1 }
      body(&entries[index])
    }
  }
}

/// A method whose calls do what the test asks for.
struct TestMethod: GRPCMethod {
  enum Behaviour: Sendable {
    /// Every message comes back; the end of the messages ends the call.
    case echo
    /// Messages are kept in memory and accounted for; nothing is answered before the end of the messages.
    case keep
    /// The first message ends the call with the status.
    case finish(GRPCStatus)
    /// The call ends with the status before any message.
    case finishAtOnce(GRPCStatus)
    /// A limit is answered with a message and success.
    case forgive
  }

  let path: String
  let behaviour: Behaviour
  let log: CallLog
  /// What calls are counted in besides the budgets of all.
  let share: BufferBudget.Total?

  init(
    _ behaviour: Behaviour, path: String = "/test.Echo/Call", log: CallLog = CallLog(),
    share: BufferBudget.Total? = nil
  ) {
    self.behaviour = behaviour
    self.path = path
    self.log = log
    self.share = share
  }

  func makeCall(_ stream: GRPCServerStream, on eventLoop: any EventLoop) -> any GRPCCall {
    let call = TestCall(stream, self)
    log.note(authority: stream.authority)
    if let share { stream.count(in: share) }
    if case .finishAtOnce(let status) = behaviour { stream.finish(status) }
    return call
  }
}

private final class TestCall: GRPCCall {
  private let stream: GRPCServerStream
  private let behaviour: TestMethod.Behaviour
  private let log: CallLog
  private let index: Int
  private var kept: [ByteBlock] = []

  init(_ stream: GRPCServerStream, _ method: TestMethod) {
    self.stream = stream
    behaviour = method.behaviour
    log = method.log
    index = method.log.begin()
  }

  func received(_ message: UnsafeRawBufferPointer) {
    log.change(index) { $0.messages += 1 }
    switch behaviour {
    case .echo, .forgive: echo(message)
    case .keep: keep(message)
    case .finish(let status): stream.finish(status)
    case .finishAtOnce: break
    }
  }

  private func echo(_ message: UnsafeRawBufferPointer) {
    stream.send(length: message.count) { pointer in
      if let source = message.baseAddress { pointer.copyMemory(from: source, byteCount: message.count) }
    }
  }

  private func keep(_ message: UnsafeRawBufferPointer) {
    let block = stream.takeMessageBlock() ?? ByteBlock()
    if block.count == 0 { block.append(message) }
    kept.append(block)
    guard let limit = stream.retain(kept.reduce(0) { $0 + $1.footprint }) else { return }
    log.change(index) { $0.limits.append(limit) }
    stream.finish(GRPCStatus(.resourceExhausted, "kept too much"))
  }

  func receivedHalfClose() {
    log.change(index) { $0.halfCloses += 1 }
    stream.finish(.ok)
  }

  func exceeded(_ limit: GRPCLimit) {
    log.change(index) { $0.limits.append(limit) }
    guard case .forgive = behaviour else { return }
    stream.send(length: 1) { $0.storeBytes(of: 42, as: UInt8.self) }
    stream.finish(.ok)
  }

  func ended() {
    log.change(index) { entry in
      entry.ended += 1
      entry.wasReset = stream.wasResetByClient
    }
    kept = []
  }
}
