import Endpoints
import PickerConfiguration
import Synchronization
import Testing

import Scheduling

/// Producers that ask other processes.
struct InquiryTests {
  /// Asks for a number and tells it, plus what it read of another producer, as the request's attribute.
  final class Asker: InquiringProducer {
    let inquiryID: InquiryID
    let attribute: AttributeID
    let reads: AttributeID?
    let asks: Bool
    let questions = Mutex(0)
    let productions = Mutex(0)

    init(_ space: AttributeSpace, _ name: String, reads: AttributeID? = nil, asks: Bool = true) {
      inquiryID = space.makeInquiry()
      attribute = space.attribute(name, producer: "test")
      self.reads = reads
      self.asks = asks
    }

    func inquiry(_ cycle: SchedulingCycle) -> Inquiry? {
      questions.withLock { $0 += 1 }
      let known = reads.flatMap { cycle.scalar($0) } ?? 0
      return asks
        ? Inquiry(
          id: inquiryID, url: "http://there", body: Array("\(Int(known))".utf8), timeout: 1, context: cycle.count)
        : nil
    }

    func produce(_ cycle: SchedulingCycle) {
      productions.withLock { $0 += 1 }
      guard let body = cycle.answer(to: inquiryID)?.okBody, let value = Double(String(decoding: body, as: UTF8.self))
      else { return }
      cycle.setScalar(attribute, value + (reads.flatMap { cycle.scalar($0) } ?? 0))
    }
  }

  private func scheduler(_ producers: [any Producer]) -> Scheduler {
    let profile = SchedulingProfile(
      name: "default", filters: [], scorers: [], picker: MaxScorePicker(), pickerName: "p")
    return Scheduler(profiles: [profile], handler: SingleProfileHandler(), producers: producers)
  }

  private func answer(_ inquiry: Inquiry, _ text: String) -> InquiryAnswer {
    InquiryAnswer(to: inquiry, .response(status: 200, body: Array(text.utf8)))
  }

  @Test func producersAskOneAfterTheOther() throws {
    let space = AttributeSpace()
    let first = Asker(space, "first")
    let second = Asker(space, "second", reads: first.attribute)
    let scheduler = scheduler([first, second])
    #expect(scheduler.makesInquiries)
    let pool = TestPool(3)

    let question = try #require(scheduler.nextInquiry(pool.cycle))
    #expect(question.id == first.inquiryID)
    #expect(question.context as? Int == 3)
    #expect(first.productions.withLock { $0 } == 0)

    pool.cycle.begin(SchedulingRequest(), now: 0)
    pool.cycle.setAnswers([answer(question, "4")])
    let next = try #require(scheduler.nextInquiry(pool.cycle))
    #expect(next.id == second.inquiryID)
    // The second one has read what the first one produced of its answer.
    #expect(next.body == Array("4".utf8))

    pool.cycle.begin(SchedulingRequest(), now: 0)
    pool.cycle.setAnswers([answer(question, "4"), answer(next, "30")])
    #expect(scheduler.nextInquiry(pool.cycle) == nil)
    _ = try scheduler.schedule(pool.cycle)
    #expect(pool.cycle.scalar(second.attribute) == 34)
    #expect(first.questions.withLock { $0 } == 1)
  }

  @Test func aFailureIsAnAnswer() throws {
    let asker = Asker(AttributeSpace(), "value")
    let scheduler = scheduler([asker])
    let pool = TestPool(1)
    let question = try #require(scheduler.nextInquiry(pool.cycle))
    for outcome in [InquiryAnswer.Outcome.failure("no connection"), .response(status: 503, body: Array("4".utf8))] {
      pool.cycle.begin(SchedulingRequest(), now: 0)
      pool.cycle.setAnswers([InquiryAnswer(to: question, outcome)])
      #expect(scheduler.nextInquiry(pool.cycle) == nil)
      _ = try scheduler.schedule(pool.cycle)
      #expect(pool.cycle.scalar(asker.attribute) == nil)
    }
  }

  @Test func answersAreForgottenWithTheRequest() throws {
    let asker = Asker(AttributeSpace(), "value")
    let pool = TestPool(1)
    let question = try #require(scheduler([asker]).nextInquiry(pool.cycle))
    pool.cycle.setAnswers([answer(question, "4")])
    pool.cycle.begin(SchedulingRequest(), now: 0)
    #expect(pool.cycle.answer(to: asker.inquiryID) == nil)
  }

  @Test func nothingToAskIsNoWait() throws {
    let asker = Asker(AttributeSpace(), "value", asks: false)
    let scheduler = scheduler([asker])
    let pool = TestPool(2)
    #expect(scheduler.nextInquiry(pool.cycle) == nil)
    _ = try scheduler.schedule(pool.cycle)
    #expect(asker.productions.withLock { $0 } == 1)
  }

  @Test func whoDoesNotAskSchedulesWithout() throws {
    let asker = Asker(AttributeSpace(), "value")
    let pool = TestPool(2)
    _ = try scheduler([asker]).schedule(pool.cycle)
    #expect(asker.questions.withLock { $0 } == 0)
    #expect(asker.productions.withLock { $0 } == 1)
  }

  @Test func eachProducerRunsOnce() throws {
    let space = AttributeSpace()
    let plain = Asker(space, "plain", asks: false)
    let scheduler = scheduler([plain, Asker(space, "asking")])
    let pool = TestPool(2)
    #expect(scheduler.nextInquiry(pool.cycle) != nil)
    _ = try scheduler.schedule(pool.cycle)
    #expect(plain.productions.withLock { $0 } == 1)
    #expect(!self.scheduler([]).makesInquiries)
  }
}
