#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Compares runs of bytes with the C library, which does it with vector instructions.
enum ByteComparison {
  static func equal(_ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer) -> Bool {
    guard first.count == second.count else { return false }
    guard let left = first.baseAddress, let right = second.baseAddress, first.count > 0 else { return true }
    return memcmp(left, right, first.count) == 0
  }
}
