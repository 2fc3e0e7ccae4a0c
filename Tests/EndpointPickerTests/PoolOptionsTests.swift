import EndpointPicker
import Kubernetes
import Testing

@Suite struct PoolOptionsTests {
  @Test func valuesOfSinglePoolsAreRead() throws {
    #expect(
      try PoolOptions.values(["a=/x=y", "b=1,c=2"], flag: "f") == ["a": "/x=y", "b": "1", "c": "2"])
    #expect(try PoolOptions.values([], flag: "f").isEmpty)
    for texts in [["a"], ["=x"], ["a="], ["a=1", "a=2"]] {
      let error = #expect(throws: ProcessError.self) { try PoolOptions.values(texts, flag: "pool-port") }
      #expect(error?.description.hasPrefix("--pool-port: ") == true)
    }
  }

  @Test func selectionsAreRead() throws {
    #expect(try PoolOptions.selection("*") == .all)
    #expect(try PoolOptions.selection("tier in (a, b)") == .labelled(try LabelSelector("tier in (a,b)")))
    #expect(throws: ProcessError.self) { try PoolOptions.selection("a b") }
  }

  @Test func oneNameIsOnePool() {
    var options = PoolOptions()
    #expect(!options.isSeveral)
    options.names = ["a"]
    #expect(!options.isSeveral)
    options.names = ["a", "b"]
    #expect(options.isSeveral)
    options.names = []
    options.selection = .all
    #expect(options.isSeveral)
  }

  @Test func everyConfigurationThatIsUsedIsNamed() {
    var options = ProcessOptions()
    func origins() -> [String] { options.ofEachConfiguration.map { "\($0.configuration)" } }
    #expect(origins().count == 1)
    options.pools.names = ["a", "b"]
    options.pools.configurations = ["a": .text("A")]
    #expect(origins().count == 2)
    options.pools.configurations["b"] = .text("B")
    #expect(origins() == ["text(\"A\")", "text(\"B\")"])
    options.pools.names = []
    options.pools.selection = .all
    #expect(origins().count == 3)
  }
}
