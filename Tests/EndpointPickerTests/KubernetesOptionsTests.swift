import EndpointPicker
import Kubernetes
import Testing

@Suite struct KubernetesOptionsTests {
  @Test func everyGroupIsLookedAtUnlessOneIsGiven() throws {
    #expect(
      try KubernetesOptions.pool(name: "p", group: nil, selector: "", ports: [])
        == .named(groups: ["inference.networking.k8s.io", "inference.networking.x-k8s.io"]))
    let group = "inference.networking.x-k8s.io"
    #expect(try KubernetesOptions.pool(name: "p", group: group, selector: "", ports: []) == .named(groups: [group]))
  }

  @Test func portsAreReadOnceEachInOrder() throws {
    let pool = try KubernetesOptions.pool(name: "", group: nil, selector: "app=a", ports: ["8001,8000", "8001"])
    #expect(pool == .selected(try LabelSelector("app=a"), targetPorts: [8_001, 8_000]))
  }

  @Test(arguments: [
    ("llama-epp-5d9c7b6f4-x2x8k", "llama-epp"), ("a-b-c", "a"), ("standalone", nil), ("epp-0", nil),
  ])
  func deploymentsAreKnownByTheirPods(pod: String, name: String?) {
    #expect(KubernetesOptions.deploymentName(ofPod: pod) == name)
  }

  @Test func kubernetesIsASourceOfEndpoints() {
    let startUp = StartUp("") { options in
      options.endpoints = nil
      options.kubernetes = KubernetesOptions(pool: .named(groups: ["inference.networking.k8s.io"]))
    }
    #expect(startUp == .ready(warnings: []))
  }

  @Test func seriesThatCannotBeReadNameTheFlag() {
    let startUp = StartUp("", { $0.modelServerFlags.series = ["lora-info-metric": "a{"] })
    #expect(startUp.onlyProblem?.hasPrefix("--lora-info-metric: ") == true, "\(startUp)")
  }
}
