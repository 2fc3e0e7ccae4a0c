/// Where the arrays of a scheduling cycle are, once computed: by column for all candidates and for the current ones, and
/// by attribute.
///
/// Plain memory behind constant pointers: the tables are cleared for every request, and Swift arrays in a class would
/// pay a uniqueness and an exclusivity check for each element.
struct CycleArrays: ~Copyable {
  typealias Entry = UnsafeMutablePointer<Double>?

  // Places behind the table's columns.
  static let pendingIndex = 64
  static let queueDepthIndex = 65
  static let runningIndex = 66
  static let inFlightIndex = 67
  static let inFlightTokensIndex = 68
  private static let valueCount = 69
  static let maximumAttributes = 64

  let allValues: UnsafeMutablePointer<Entry>
  let attributes: UnsafeMutablePointer<Entry>
  let activeValues: UnsafeMutablePointer<Entry>
  let activeAttributes: UnsafeMutablePointer<Entry>
  /// Attributes of the request; NaN for those that nobody produced.
  let scalars: UnsafeMutablePointer<Double>

  init() {
    allValues = .allocate(capacity: Self.valueCount)
    attributes = .allocate(capacity: Self.maximumAttributes)
    activeValues = .allocate(capacity: Self.valueCount)
    activeAttributes = .allocate(capacity: Self.maximumAttributes)
    scalars = .allocate(capacity: Self.maximumAttributes)
    forgetAll()
  }

  deinit {
    allValues.deallocate()
    attributes.deallocate()
    activeValues.deallocate()
    activeAttributes.deallocate()
    scalars.deallocate()
  }

  /// A new request begins.
  func forgetAll() {
    allValues.initialize(repeating: nil, count: Self.valueCount)
    attributes.initialize(repeating: nil, count: Self.maximumAttributes)
    scalars.initialize(repeating: .nan, count: Self.maximumAttributes)
    forgetActive()
  }

  /// The current candidates changed.
  func forgetActive() {
    activeValues.initialize(repeating: nil, count: Self.valueCount)
    activeAttributes.initialize(repeating: nil, count: Self.maximumAttributes)
  }
}
