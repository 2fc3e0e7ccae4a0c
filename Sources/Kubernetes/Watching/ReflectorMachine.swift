/// Decides how to keep a copy of all objects of a kind: when to list, from where to watch, and how long to wait after
/// failures. Knows no sockets, objects or clocks.
///
/// The copy is begun by a list in pages, or, where the server offers it, by a watch that begins with all objects
/// (KEP 3157). It is kept by a watch from the version of the list. A watch that ends is taken up from the last version
/// seen; only when the server no longer knows that version (410) is everything listed again.
package struct ReflectorMachine {
  /// What to do next.
  package enum Step: Equatable, Sendable {
    /// A page of a list; nil for the first one.
    case list(continueToken: String?)
    /// A watch that begins with all objects.
    case streamList
    /// A watch from a version.
    case watch(from: String)
  }

  /// How a step went.
  package enum Outcome: Equatable, Sendable {
    /// A page came.
    case page(resourceVersion: String, continueToken: String?)
    /// The watch ended in order. `hadEvents` tells whether it brought anything.
    case watchEnded(hadEvents: Bool)
    /// The watch broke off: a half line, silence, or something that cannot be read.
    case watchBroke
    /// The server answered with this status, before or during the watch.
    case refused(code: Int, retryAfter: Double?)
    /// There was no answer, or one that cannot be understood.
    case failed
  }

  /// What to do, and after how many seconds.
  package struct Next: Equatable, Sendable {
    package var step: Step
    package var delay: Double
    /// What was collected of a list or of initial events is worthless.
    package var discardsCollected: Bool
    /// The server does not know the kind of object.
    package var isAbsent: Bool

    package init(step: Step, delay: Double = 0, discardsCollected: Bool = false, isAbsent: Bool = false) {
      self.step = step
      self.delay = delay
      self.discardsCollected = discardsCollected
      self.isAbsent = isAbsent
    }
  }

  /// Seconds between two looks for a kind that the server does not know, such as one whose CRD comes later.
  package static let absencePause = 10.0
  /// Watches that may break one after the other before everything is listed again.
  package static let patience = 5

  package private(set) var step: Step
  private var version = ""
  private var offersStreamList: Bool
  private var delay = RetryDelay()
  /// Watches in a row that broke with a half line or nonsense.
  private var brokenWatches = 0

  /// - Parameter triesStreamList: whether to try the watch that begins with all objects.
  package init(triesStreamList: Bool = true) {
    offersStreamList = triesStreamList
    step = triesStreamList ? .streamList : .list(continueToken: nil)
  }

  /// An object or bookmark with this version came on a watch.
  package mutating func saw(resourceVersion: String) {
    guard !resourceVersion.isEmpty else { return }
    version = resourceVersion
    delay.reset()
    brokenWatches = 0
  }

  /// The objects that a watch began with are complete.
  package mutating func initialEventsEnded() {
    step = .watch(from: version)
  }

  /// - Parameter random: a number from 0 to 1, for jitter.
  package mutating func next(after outcome: Outcome, random: Double) -> Next {
    switch outcome {
    case .page(let resourceVersion, let token):
      delay.reset()
      if let token, !token.isEmpty {
        step = .list(continueToken: token)
      } else {
        version = resourceVersion
        step = .watch(from: resourceVersion)
      }
      return Next(step: step)
    case .watchEnded(let hadEvents):
      return watchEnded(hadEvents: hadEvents, random: random)
    case .refused(let code, let retryAfter):
      return refused(code, retryAfter, random)
    case .watchBroke:
      return watchBroke(random: random)
    case .failed:
      return restart(delay: delay.next(random: random))
    }
  }

  private mutating func watchEnded(hadEvents: Bool, random: Double) -> Next {
    guard case .watch = step else {
      return listInstead(random: random)
    }
    step = .watch(from: version)
    // A watch that ends at once, again and again, must not become a busy loop.
    return Next(step: step, delay: hadEvents ? 0 : delay.next(random: random))
  }

  private mutating func refused(_ code: Int, _ retryAfter: Double?, _ random: Double) -> Next {
    switch code {
    case 410:
      // The version, or the token of a page, is too old.
      version = ""
      let first = begin()
      return Next(step: first, delay: delay.next(random: random), discardsCollected: true)
    case 404:
      version = ""
      let first = begin()
      return Next(
        step: first, delay: Self.absencePause * (1 - random / 4), discardsCollected: true, isAbsent: true)
    case 400 where step == .streamList, 422 where step == .streamList:
      offersStreamList = false
      step = .list(continueToken: nil)
      return Next(step: step, discardsCollected: true)
    case 403:
      // Rights are not given from one moment to the next.
      return restart(delay: Self.absencePause * (1 - random / 4))
    default:
      return restart(delay: max(retryAfter ?? 0, delay.next(random: random)))
    }
  }

  private mutating func watchBroke(random: Double) -> Next {
    guard case .watch = step else { return listInstead(random: random) }
    brokenWatches += 1
    if brokenWatches >= Self.patience {
      // Perhaps something on this watch can never be read: begin anew, with what is there now.
      brokenWatches = 0
      version = ""
      let first = begin()
      return Next(step: first, delay: delay.next(random: random), discardsCollected: true)
    }
    return restart(delay: delay.next(random: random))
  }

  /// Initial events that did not come to their end: the next try is a list, which every server has.
  private mutating func listInstead(random: Double) -> Next {
    offersStreamList = false
    step = .list(continueToken: nil)
    return Next(step: step, delay: delay.next(random: random), discardsCollected: true)
  }

  /// Does the step again; a list and initial events begin anew.
  private mutating func restart(delay: Double) -> Next {
    if case .watch = step { return Next(step: .watch(from: version), delay: delay) }
    let first = begin()
    return Next(step: first, delay: delay, discardsCollected: true)
  }

  private mutating func begin() -> Step {
    step = offersStreamList ? .streamList : .list(continueToken: nil)
    return step
  }
}
