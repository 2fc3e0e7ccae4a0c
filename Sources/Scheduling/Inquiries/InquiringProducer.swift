/// A producer that needs an answer of another process before it can tell anything about a request.
///
/// When its turn comes, scheduling stops and the event loop turns to other requests; once the answer is there, or there
/// will be none, the request is scheduled from the beginning and ``Producer/produce(_:)`` finds the answer by
/// ``SchedulingCycle/answer(to:)``. Endpoints may have come and gone in between. A failure is an answer too: the request
/// is scheduled without.
public protocol InquiringProducer: Producer {
  /// Names the plugin's questions and their answers.
  var inquiryID: InquiryID { get }

  /// What to ask about the request of a cycle; nil for nothing. Not called when the answer is there. The producers
  /// whose data this one reads have run.
  ///
  /// Called on event loops: no waiting, no I/O.
  func inquiry(_ cycle: SchedulingCycle) -> Inquiry?
}
