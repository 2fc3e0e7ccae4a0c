/// A set of fields of a ``ModelServerReading``.
package struct ModelServerFields: OptionSet, Hashable, Sendable {
  package let rawValue: UInt64

  package init(rawValue: UInt64) {
    self.rawValue = rawValue
  }

  package static let waitingQueueSize = ModelServerFields(rawValue: 1 << 0)
  package static let runningRequests = ModelServerFields(rawValue: 1 << 1)
  package static let kvCacheUsage = ModelServerFields(rawValue: 1 << 2)
  package static let cacheBlockSize = ModelServerFields(rawValue: 1 << 3)
  package static let cacheBlockCount = ModelServerFields(rawValue: 1 << 4)

  static let customBase = 5

  /// The custom metric at this index.
  package static func custom(_ index: Int) -> ModelServerFields {
    ModelServerFields(rawValue: 1 << UInt64(customBase + index))
  }
}
