/// What is told about decisions, to whom.
public struct ExplainOptions: Sendable, Hashable {
  /// Whether a request may ask for its decision (`x-epp-explain`).
  public var answersRequests = false
  /// Whether every decision carries the candidates' scores in dynamic metadata.
  public var emitsEndpointScores = false
  /// Most decisions noted in a second; 0 for none.
  public var decisionsPerSecond = 20
  /// Share of the requests that are considered for a note, 0…1.
  public var share = 1.0
  /// Whether notes hold the hashes of all blocks of the prompt rather than of the first.
  public var notesBlockHashes = false
  /// Whether notes say which pool a decision was made for.
  var namesPools = false
  /// Where notes are written; empty for nowhere.
  public var file = ""
  /// Bytes at which another file is begun.
  public var maximumFileBytes = 64 << 20
  /// Files kept, the current one included; at least 1.
  public var maximumFiles = 4

  /// The default: a few notes in memory.
  public init() {}
}
