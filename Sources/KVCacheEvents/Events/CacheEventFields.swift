/// The fields of one event while it is read.
struct CacheEventFields {
  /// Why an event whose values could be read is none.
  enum Failure: Error {
    case invalidEvent
  }

  private var hashes: [UInt64] = []
  private var parent: UInt64?
  private var tokens: [UInt32] = []
  private var blockSize: UInt64 = 0
  private var medium = ""
  private var adapter = ""
  private var extras: [[[UInt8]]] = []
  private var group: UInt64?
  private var kind = ""

  private static let storedFields = [
    "block_hashes", "parent_block_hash", "token_ids", "block_size", "lora_id", "medium", "lora_name", "extra_keys",
    "group_idx", "kv_cache_spec_kind",
  ]
  private static let removedFields = ["block_hashes", "medium", "group_idx"]
  /// Kinds of layers whose blocks stand for whole prefixes; servers that name no kind have no others.
  private static let wholeKinds: Set<String> = ["", "full_attention", "mla_attention", "sink_full_attention"]

  /// Reads an event in either form; nil for one with a tag that is not known.
  static func readEvent(_ reader: inout MessagePackReader) throws -> CacheEvent? {
    var fields = CacheEventFields()
    if reader.kind == .map {
      var tag = ""
      for _ in 0..<(try reader.readMapCount()) {
        let name = text(try reader.readBytes())
        if name == "type" { tag = text(try reader.readBytes()) } else { try fields.read(name, &reader) }
      }
      return try fields.event(tag)
    }
    let count = try reader.readArrayCount()
    guard count > 0 else { throw Failure.invalidEvent }
    let tag = text(try reader.readBytes())
    let names = tag == "BlockStored" ? storedFields : tag == "BlockRemoved" ? removedFields : []
    for index in 0..<count - 1 {
      try fields.read(index < names.count ? names[index] : "", &reader)
    }
    return try fields.event(tag)
  }

  private mutating func read(_ name: String, _ reader: inout MessagePackReader) throws {
    if reader.skipNull() { return }
    switch name {
    case "block_hashes":
      let count = try reader.readArrayCount()
      hashes.reserveCapacity(count)
      for _ in 0..<count { hashes.append(try Self.readHash(&reader)) }
    case "parent_block_hash": parent = try Self.readHash(&reader)
    case "token_ids":
      let count = try reader.readArrayCount()
      tokens.reserveCapacity(count)
      for _ in 0..<count {
        guard let token = UInt32(exactly: try reader.readInteger()) else { throw Failure.invalidEvent }
        tokens.append(token)
      }
    case "block_size": blockSize = try reader.readInteger()
    case "medium": medium = Self.text(try reader.readBytes())
    case "lora_name": adapter = Self.text(try reader.readBytes())
    case "extra_keys":
      for _ in 0..<(try reader.readArrayCount()) { extras.append(try Self.readExtras(&reader)) }
    case "group_idx": group = try reader.readInteger()
    case "kv_cache_spec_kind": kind = Self.text(try reader.readBytes())
    default: try reader.skip()
    }
  }

  private func event(_ tag: String) throws -> CacheEvent? {
    switch tag {
    case "BlockStored":
      guard Self.wholeKinds.contains(kind) else { return .storedPartially(group: group) }
      guard blockSize > 0, let size = Int(exactly: blockSize),
        !hashes.isEmpty, tokens.count.isMultiple(of: hashes.count), tokens.count / hashes.count == size,
        extras.isEmpty || extras.count == hashes.count
      else { throw Failure.invalidEvent }
      return .stored(
        StoredBlocks(
          hashes: hashes, parent: parent, tokens: tokens, blockSize: size, tier: CacheTier(medium: medium),
          adapter: adapter,
          // The adapter is in the keys of every block already, in place of the model.
          extras: extras.map { $0.filter { $0 != Array(adapter.utf8) } }))
    case "BlockRemoved": return .removed(hashes: hashes, tier: CacheTier(medium: medium), group: group)
    case "AllBlocksCleared": return .cleared
    default: return nil
    }
  }

  /// A hash is an integer, or bytes of which the last eight count, most significant first.
  private static func readHash(_ reader: inout MessagePackReader) throws -> UInt64 {
    guard reader.kind != .integer else { return try reader.readInteger() }
    return try reader.readBytes().suffix(8).reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// The texts of one block's keys: a key is a text, or an array that begins with one (a hash and its offset).
  private static func readExtras(_ reader: inout MessagePackReader) throws -> [[UInt8]] {
    guard !reader.skipNull() else { return [] }
    var extras: [[UInt8]] = []
    for _ in 0..<(try reader.readArrayCount()) {
      switch reader.kind {
      case .text, .binary: extras.append(Array(try reader.readBytes()))
      case .array:
        let count = try reader.readArrayCount()
        for index in 0..<count {
          if index == 0, reader.kind == .text || reader.kind == .binary {
            extras.append(Array(try reader.readBytes()))
          } else {
            try reader.skip()
          }
        }
      default: try reader.skip()
      }
    }
    return extras
  }

  private static func text(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }
}
