/// Tells the sidecar of the decode server where the other stages of a request run.
struct StageHeaders: Sendable {
  static let prefiller = "x-prefiller-host-port"
  static let encoders = "x-encoder-hosts-ports"

  let prefillProfile: String
  let encodeProfile: String

  /// Sets the headers of stages that run apart, and removes those that the client sent.
  func set(_ cycle: SchedulingCycle) {
    let prefill = cycle.result(ofProfile: prefillProfile)?.endpoints.first
    cycle.setRequestHeader(Self.prefiller, to: prefill?.addressText)
    guard let encoders = cycle.result(ofProfile: encodeProfile)?.endpoints else {
      cycle.setRequestHeader(Self.encoders, to: nil)
      return
    }
    let first = encoders.first?.addressText
    let all = encoders.count == 1 ? first : encoders.map(\.addressText).joined(separator: ",")
    cycle.setRequestHeader(Self.encoders, to: all)
  }
}
