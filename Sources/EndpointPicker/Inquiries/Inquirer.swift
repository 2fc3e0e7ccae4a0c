import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import Scheduling

/// Carries out what plugins ask other processes about the requests of one event loop. Not thread-safe.
final class Inquirer {
  /// Most inquiries under way at a time; what goes beyond fails at once, and requests are scheduled without.
  static let maximumInFlight = 1_024
  /// Most bytes of an answer.
  static let maximumAnswerBytes = 16 << 20
  private static let longestTimeout = 600.0

  /// A question under way.
  struct Ticket {
    fileprivate let task: HTTPClient.Task<HTTPClient.Response>

    /// Nobody wants the answer any more. It arrives all the same, as a failure.
    func cancel() { task.cancel() }
  }

  private let client: HTTPClient
  private let eventLoop: any EventLoop
  private(set) var inFlight = 0

  init(client: HTTPClient, eventLoop: any EventLoop) {
    self.client = client
    self.eventLoop = eventLoop
  }

  /// Asks. The answer comes once and on the event loop, possibly before this returns.
  /// - Throws: a text why the question cannot be asked.
  func ask(
    _ inquiry: Inquiry, _ completion: @escaping (InquiryAnswer) -> Void
  ) throws(InquiryError) -> Ticket {
    guard inFlight < Self.maximumInFlight else { throw InquiryError("too many inquiries are under way") }
    let request: HTTPClient.Request
    do {
      request = try HTTPClient.Request(
        url: inquiry.url, method: .POST,
        headers: ["content-type": "application/json", "accept": "application/json"],
        body: .byteBuffer(ByteBuffer(bytes: inquiry.body)))
    } catch {
      throw InquiryError("\(inquiry.url): \(error)")
    }
    let task = client.execute(
      request: request,
      delegate: ResponseAccumulator(request: request, maxBodySize: Self.maximumAnswerBytes),
      eventLoop: .delegate(on: eventLoop),
      deadline: .now() + .nanoseconds(Int64(min(inquiry.timeout, Self.longestTimeout) * 1e9)))
    inFlight += 1
    task.futureResult.assumeIsolated().whenComplete { result in
      self.inFlight -= 1
      let outcome: InquiryAnswer.Outcome =
        switch result {
        case .success(let response):
          .response(
            status: Int(response.status.code), body: response.body.map { Array($0.readableBytesView) } ?? [])
        case .failure(let error): .failure("\(inquiry.url): \(error)")
        }
      completion(InquiryAnswer(to: inquiry, outcome))
    }
    return Ticket(task: task)
  }
}

/// Why a question could not be asked.
struct InquiryError: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) {
    self.description = description
  }
}
