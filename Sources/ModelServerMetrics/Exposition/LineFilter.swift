#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Tells lines that can be of interest from the many that cannot by looking at two bytes.
///
/// The first byte picks a probe: the offset at which the wanted names that begin so start to differ, and a table from
/// the byte at that offset to the names that have it there. On a vLLM page, where almost every line begins with
/// `vllm:`, this rejects nine lines out of ten without comparing a name.
struct LineFilter: Sendable {
  /// Most distinct names a filter can tell apart: the bits of a mask.
  static let maximumNames = 64

  struct Probe: Sendable {
    var offset = 0
    /// Index of a table of 256 masks; table 0 is empty.
    var table = 0
  }

  private static let typeKeyword: StaticString = "# TYPE "

  /// Lines at least this long can be judged from their beginning.
  let decisiveLength: Int
  private let probes: [Probe]
  private let masks: [UInt64]

  /// Names beyond ``maximumNames`` are never admitted.
  init(names: [[UInt8]]) {
    var probes = [Probe](repeating: Probe(), count: 256)
    var masks = [UInt64](repeating: 0, count: 256)
    let wanted = names.enumerated().prefix(Self.maximumNames).filter { !$0.element.isEmpty }
    for (first, group) in Dictionary(grouping: wanted, by: { $0.element[0] }) {
      let offset = Self.distinguishingOffset(group.map(\.element))
      let table = masks.count / 256
      masks.append(contentsOf: repeatElement(0, count: 256))
      probes[Int(first)] = Probe(offset: offset, table: table)
      for (index, name) in group { masks[table * 256 + Int(name[offset])] |= 1 << UInt64(index) }
    }
    self.decisiveLength = max(16, Self.typeKeyword.utf8CodeUnitCount + (probes.map(\.offset).max() ?? 0) + 1)
    self.probes = probes
    self.masks = masks
  }

  /// The first offset at which the names differ, within all of them.
  private static func distinguishingOffset(_ names: [[UInt8]]) -> Int {
    let shortest = names.map(\.count).min() ?? 1
    for offset in 0..<shortest where names.contains(where: { $0[offset] != names[0][offset] }) { return offset }
    return shortest - 1
  }

  /// Runs `body` with direct access to the tables, for loops over many lines.
  @inline(__always)
  func withTables<Result>(_ body: (Tables) -> Result) -> Result {
    probes.withUnsafeBufferPointer { probes in
      masks.withUnsafeBufferPointer { masks in body(Tables(probes: probes, masks: masks)) }
    }
  }

  /// The tables of a ``LineFilter`` without reference counting or bounds checks; indexes are bytes.
  struct Tables {
    fileprivate let probes: UnsafeBufferPointer<Probe>
    fileprivate let masks: UnsafeBufferPointer<UInt64>

    /// The names that a line beginning with these bytes may start with, as a bit set.
    @inline(__always)
    func candidates(_ line: UnsafePointer<UInt8>, _ length: Int) -> UInt64 {
      guard length > 0, let probe = probes.baseAddress.map({ $0[Int(line[0])] }), probe.offset < length,
        let masks = masks.baseAddress
      else { return 0 }
      return masks[probe.table << 8 | Int(line[probe.offset])]
    }

    /// Whether the line must be read: a sample or the TYPE comment of a wanted family, or something unusual enough
    /// (blanks in other places) that only a full look can tell.
    @inline(__always)
    func admits(_ line: UnsafePointer<UInt8>, _ length: Int) -> Bool {
      guard length > 2 else { return false }
      switch line[0] {
      case UInt8(ascii: "#"):
        guard line[1] == UInt8(ascii: " ") else { return true }
        guard line[2] == UInt8(ascii: "T") else { return Ascii.isBlank(line[2]) }
        let keyword = LineFilter.typeKeyword
        let start = keyword.utf8CodeUnitCount
        guard length > start, memcmp(line, keyword.utf8Start, start) == 0, !Ascii.isBlank(line[start]) else {
          return true
        }
        return candidates(line + start, length - start) != 0
      case UInt8(ascii: " "), UInt8(ascii: "\t"):
        return true
      default:
        return candidates(line, length) != 0
      }
    }
  }
}
