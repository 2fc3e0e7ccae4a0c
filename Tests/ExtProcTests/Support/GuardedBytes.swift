#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A copy of bytes that ends where readable memory ends: reading one byte too many is a fault.
final class GuardedBytes {
  private let pages: UnsafeMutableRawPointer
  private let length: Int
  let bytes: UnsafeRawBufferPointer

  init?(_ content: some Collection<UInt8>) {
    let page = Int(getpagesize())
    let readable = max((content.count + page - 1) / page, 1) * page
    length = readable + page
    guard
      let pages = mmap(nil, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), pages != MAP_FAILED,
      mprotect(pages + readable, page, PROT_NONE) == 0
    else { return nil }
    self.pages = pages
    let target = UnsafeMutableRawBufferPointer(start: pages + (readable - content.count), count: content.count)
    target.copyBytes(from: content)
    bytes = UnsafeRawBufferPointer(target)
  }

  deinit {
    munmap(pages, length)
  }
}
