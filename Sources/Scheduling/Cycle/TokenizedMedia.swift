/// An image, a video or a piece of audio in the tokens of a prompt.
public struct TokenizedMedia: Sendable, Hashable {
  /// The prompt it is in.
  public let prompt: Int
  /// Its first token there.
  public let offset: Int
  /// Tokens that stand for it.
  public let length: Int
  /// What identifies its content, as servers put it.
  public let hash: [UInt8]

  /// Describes an item; nothing is checked.
  public init(prompt: Int, offset: Int, length: Int, hash: [UInt8]) {
    self.prompt = prompt
    self.offset = offset
    self.length = length
    self.hash = hash
  }
}
