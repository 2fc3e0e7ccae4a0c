import Endpoints
import EndpointPicker
import Scheduling

/// Decisions made by a real scheduler.
enum Decisions {
  private struct FewerThan: Filter {
    let limit: Int

    func filter(_ cycle: SchedulingCycle, keep: UnsafeMutableBufferPointer<Bool>) {
      for position in keep.indices where position >= limit { keep[position] = false }
    }
  }

  private struct Rank: Scorer {
    func score(_ cycle: SchedulingCycle, into scores: UnsafeMutableBufferPointer<Double>) {
      for position in scores.indices { scores[position] = 1 / Double(position + 1) }
    }
  }

  /// What a scheduler with a filter and two scorers noted; the last `dropped` of the endpoints do not pass the filter.
  static func trace(endpoints count: Int = 3, dropped: Int = 1) throws -> DecisionTrace {
    let table = EndpointTable()
    table.replaceAll(
      with: (0..<count).map { index in
        EndpointDescriptor(
          id: EndpointID(name: "endpoint-\(index)"),
          address: EndpointAddress(host: "10.0.\(index / 250).\(index % 250)", port: 8_000))
      })
    let profile = SchedulingProfile(
      name: "default", filters: [("few", FewerThan(limit: count - dropped))],
      scorers: [
        .init(name: "rank", scorer: Rank(), weight: 2), .init(name: "again", scorer: Rank(), weight: 0.5),
      ], picker: MaxScorePicker())
    let cycle = SchedulingCycle(table: table, seed: 1)
    cycle.begin(SchedulingRequest(), now: 1)
    let trace = DecisionTrace()
    cycle.trace = trace
    _ = try Scheduler(profiles: [profile], handler: SingleProfileHandler()).schedule(cycle)
    return trace
  }

  /// The note of such a decision.
  static func content(
    _ id: String = "id", endpoints count: Int = 3, dropped: Int = 1
  ) throws -> DecisionRecord.Content {
    let trace = try trace(endpoints: count, dropped: dropped)
    var content = DecisionRecord.Content(time: 1_700_000_000_123_456)
    content.requestID = id
    content.model = "llama"
    content.targetModel = "llama-v2"
    content.bodyBytes = 100
    content.promptBytes = 80
    content.promptTokens = 20
    content.endpoints = trace.profiles.last?.picks ?? []
    content.candidateCount = trace.candidateCount
    content.profiles = trace.profiles
    content.primaryProfile = trace.primaryProfile
    content.isLogged = true
    return content
  }
}
