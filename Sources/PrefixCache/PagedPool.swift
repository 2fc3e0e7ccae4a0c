/// Fixed-size records named by 32-bit indices, in pages that never move, so that growing costs one page and no copy.
/// A freed record is used again before a new one; pages are kept until the pool ends.
struct PagedPool<Record: BitwiseCopyable>: ~Copyable {
  /// No record's index.
  static var none: UInt32 { .max }

  private static var pageShift: UInt32 { 10 }
  private static var pageSize: Int { 1 << Int(pageShift) }

  private var pages: UnsafeMutablePointer<UnsafeMutablePointer<Record>>
  private var pageCount = 0
  private var pageCapacity = 16
  /// Records handed out at least once.
  private var highWater: UInt32 = 0
  /// The record freed last; each free record begins with the index of the next.
  private var firstFree: UInt32 = .max

  init() {
    // A free record holds a link.
    precondition(MemoryLayout<Record>.size >= MemoryLayout<UInt32>.size)
    pages = .allocate(capacity: pageCapacity)
  }

  deinit {
    for page in 0..<pageCount { pages[page].deallocate() }
    pages.deallocate()
  }

  var memoryBytes: Int {
    pageCount * Self.pageSize * MemoryLayout<Record>.stride + pageCapacity * MemoryLayout<UnsafeRawPointer>.stride
  }

  @inline(__always)
  subscript(index: UInt32) -> UnsafeMutablePointer<Record> {
    pages[Int(index >> Self.pageShift)] + Int(index & UInt32(Self.pageSize - 1))
  }

  /// Hands out a record holding `record`. The caller keeps the number of records far below `UInt32.max`.
  @inline(__always)
  mutating func allocate(_ record: Record) -> UInt32 {
    let index: UInt32
    if firstFree != Self.none {
      index = firstFree
      firstFree = UnsafeRawPointer(self[index]).load(as: UInt32.self)
    } else {
      index = highWater
      highWater &+= 1
      if Int(index >> Self.pageShift) == pageCount { addPage() }
    }
    self[index].initialize(to: record)
    return index
  }

  @inline(__always)
  mutating func free(_ index: UInt32) {
    UnsafeMutableRawPointer(self[index]).storeBytes(of: firstFree, as: UInt32.self)
    firstFree = index
  }

  @inline(never)
  private mutating func addPage() {
    if pageCount == pageCapacity {
      let larger = UnsafeMutablePointer<UnsafeMutablePointer<Record>>.allocate(capacity: pageCapacity * 2)
      larger.moveInitialize(from: pages, count: pageCount)
      pages.deallocate()
      pages = larger
      pageCapacity *= 2
    }
    (pages + pageCount).initialize(to: .allocate(capacity: Self.pageSize))
    pageCount += 1
  }
}
