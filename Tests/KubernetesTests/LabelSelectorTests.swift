import Testing

import Kubernetes

@Suite struct LabelSelectorTests {
  @Test(arguments: [
    ("app=vllm", "app=vllm"), (" app == vllm , tier!=gold ", "app=vllm,tier!=gold"),
    ("app in (a, b),!canary,ready", "app in (a,b),!canary,ready"), ("x.io/role notin (p)", "x.io/role notin (p)"),
    ("app=", "app="), ("app in (a,)", "app in (a,)"),
  ])
  func read(text: String, canonical: String) throws {
    #expect(try LabelSelector(text).description == canonical)
  }

  @Test(arguments: [
    "", ",", "app=vllm,", "app=a b", "=x", "app in a", "app in (a", "app of (a)", "-app=x", "a/b/c=d", "app=x!",
    "app in (a b)", "app=\(String(repeating: "x", count: 64))",
  ])
  func refused(text: String) {
    #expect(throws: LabelSelector.Failure.self) { try LabelSelector(text) }
  }

  @Test func labelsOfPools() {
    #expect(LabelSelector(matchLabels: ["b": "2", "a": "1"]).description == "a=1,b=2")
  }
}
