import Discovery
import Foundation
import Testing

@Suite struct FileWatcherTests {
  private let folder: URL

  init() throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("epp-watch-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  private func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

  private func write(_ text: String, to name: String) throws {
    try Data(text.utf8).write(to: folder.appendingPathComponent(name))
  }

  private func contents(_ text: String) -> FilePoller.Outcome { .contents(Array(text.utf8)) }

  @Test func reportsContentsOnceForEachChange() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    var poller = FilePoller(path: path("f"), limit: 100)
    try write("one", to: "f")
    #expect(poller.poll() == contents("one"))
    #expect(poller.poll() == .unchanged)
    // Same size, and quick enough to carry the same time stamp on a coarse clock.
    try write("two", to: "f")
    #expect(poller.poll() == contents("two"))
    try write("two", to: "f")
    #expect(poller.poll() == .unchanged)
  }

  @Test func followsARenameOverTheFile() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    var poller = FilePoller(path: path("f"), limit: 100)
    try write("one", to: "f")
    #expect(poller.poll() == contents("one"))
    try write("two", to: "new")
    #expect(rename(path("new"), path("f")) == 0)
    #expect(poller.poll() == contents("two"))
  }

  @Test func followsTheLinksOfAConfigMap() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let files = FileManager.default
    for (version, text) in [("v1", "one"), ("v2", "two")] {
      try files.createDirectory(atPath: path(version), withIntermediateDirectories: false)
      try write(text, to: "\(version)/f")
      // An old file, so that only the link tells the versions apart.
      try files.setAttributes(
        [.modificationDate: Date(timeIntervalSince1970: 1_000_000)], ofItemAtPath: path("\(version)/f"))
    }
    try files.createSymbolicLink(atPath: path("data"), withDestinationPath: "v1")
    try files.createSymbolicLink(atPath: path("f"), withDestinationPath: "data/f")
    var poller = FilePoller(path: path("f"), limit: 100)
    #expect(poller.poll() == contents("one"))
    #expect(poller.poll() == .unchanged)
    try files.createSymbolicLink(atPath: path("data_tmp"), withDestinationPath: "v2")
    #expect(rename(path("data_tmp"), path("data")) == 0)
    #expect(poller.poll() == contents("two"))
  }

  @Test func reportsAFailureOnceAndRecovers() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    var poller = FilePoller(path: path("f"), limit: 5)
    guard case .failure(let missing) = poller.poll() else {
      Issue.record("no failure")
      return
    }
    #expect(missing.description.hasSuffix("can't open the file: No such file or directory"))
    #expect(poller.poll() == .unchanged)
    try write("too long", to: "f")
    guard case .failure = poller.poll() else {
      Issue.record("no failure")
      return
    }
    #expect(poller.poll() == .unchanged)
    try write("fits", to: "f")
    #expect(poller.poll() == contents("fits"))
    try FileManager.default.removeItem(atPath: path("f"))
    guard case .failure = poller.poll() else {
      Issue.record("no failure")
      return
    }
    try write("fits", to: "f")
    #expect(poller.poll() == .unchanged)
  }

  @Test func updatesKeepThePreviousSetWhileTheFileIsBroken() async throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    try write("endpoints: [{name: a, address: 10.0.0.1, port: 1}]", to: "f")
    let (ticks, tick) = AsyncStream.makeStream(of: Void.self)
    let ticksInTurn = TickSource(ticks)
    let watcher = FileWatcher(path: path("f"), limit: EndpointFile.maximumBytes) { try await ticksInTurn.wait() }
    var updates = EndpointFileUpdates(path: path("f"), watcher: watcher).makeAsyncIterator()

    guard case .endpoints(let first) = await updates.next() else {
      Issue.record("no endpoints")
      return
    }
    #expect(first.endpoints.map(\.name) == ["a"])
    tick.yield()
    tick.yield()
    try write("endpoints: [{name: a, addr", to: "f")
    guard case .rejected(let error) = await updates.next() else {
      Issue.record("not rejected")
      return
    }
    #expect(error.description.contains("bad YAML"))
    try write("endpoints: [{name: b, address: 10.0.0.1, port: 1}]", to: "f")
    tick.yield()
    guard case .endpoints(let last) = await updates.next() else {
      Issue.record("no endpoints")
      return
    }
    #expect(last.endpoints.map(\.name) == ["b"])
    tick.finish()
    let end = await updates.next()
    #expect(end == nil)
  }

  /// Hands out one tick for each wait, and ends the waiting when there are no more to come.
  private actor TickSource {
    private struct Finished: Error {}
    private var iterator: AsyncStream<Void>.Iterator?

    init(_ ticks: AsyncStream<Void>) {
      iterator = ticks.makeAsyncIterator()
    }

    func wait() async throws {
      guard var ticks = iterator else { throw Finished() }
      iterator = nil
      let tick: Void? = await ticks.next(isolation: self)
      guard tick != nil else { throw Finished() }
      iterator = ticks
    }
  }
}
