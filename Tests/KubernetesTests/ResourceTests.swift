import RequestPolicies
import Testing

import Kubernetes

@Suite struct ResourceTests {
  @Test func poolsOfBothVersionsReadAlike() throws {
    let stable: InferencePool = try decode(
      """
      {"metadata":{"name":"p"},"spec":{"selector":{"matchLabels":{"app":"vllm"}},
       "targetPorts":[{"number":8000},{"number":8001}],
       "endpointPickerRef":{"name":"epp","port":{"number":9002},"failureMode":"FailOpen"}}}
      """)
    #expect(stable.selector == ["app": "vllm"])
    #expect(stable.targetPorts == [8_000, 8_001])
    #expect(stable.pickerService == "epp")
    #expect(stable.pickerPort == 9_002)
    let older: InferencePool = try decode(
      """
      {"metadata":{"name":"p"},"spec":{"selector":{"app":"vllm"},"targetPortNumber":8000,
       "extensionRef":{"name":"epp","portNumber":9002}}}
      """)
    #expect(older.selector == ["app": "vllm"])
    #expect(older.targetPorts == [8_000])
    #expect(older.pickerService == "epp")
  }

  @Test(arguments: [
    #"{"metadata":{"name":"p"},"spec":{"targetPorts":[{"number":8000}]}}"#,
    #"{"metadata":{"name":"p"},"spec":{"selector":{"matchLabels":{}},"targetPorts":[{"number":70000}]}}"#,
    #"{"metadata":{"name":"p"}}"#,
  ])
  func poolsThatSayTooLittleAreRefused(text: String) {
    #expect(throws: DecodingError.self) { let _: InferencePool = try decode(text) }
  }

  @Test func rewrites() throws {
    let object: RewriteObject = try decode(
      """
      {"metadata":{"name":"r","creationTimestamp":"2026-01-01T00:00:10Z"},"spec":{"poolRef":{"name":"p"},"rules":[
        {"matches":[{"model":{"type":"Exact","value":"a"}},{"model":{"value":"b"}}],
         "targets":[{"modelRewrite":"x","weight":3},{"modelRewrite":"y"}]},
        {"targets":[{"modelRewrite":"z"}]},
        {"matches":[{"model":{"type":"Regex","value":".*"}}],"targets":[{"modelRewrite":"never"}]},
        {"matches":[{"model":{"value":"c"}}],"targets":[]}]}}
      """)
    #expect(
      object.rewrite
        == InferenceModelRewrite(
          name: "r", createdAt: 1_767_225_610,
          rules: [
            .init(models: ["a", "b"], targets: [.init(model: "x", weight: 3), .init(model: "y")]),
            .init(targets: [.init(model: "z")]),
          ]))
  }

  @Test func policiesAreThoseOfThePoolAndOfTheNewerGroup() throws {
    var policies = PolicyCollection()
    func objective(_ name: String, _ reference: String) throws -> ObjectiveObject {
      try decode(#"{"metadata":{"name":"\#(name)"},"spec":{"priority":1,"poolRef":{\#(reference)}}}"#)
    }
    let older = try [
      objective("mine", #""name":"p""#), objective("other", #""name":"q""#),
      objective("experimental", #""name":"p","group":"inference.networking.x-k8s.io""#),
      objective("service", #""name":"p","kind":"Service""#),
      objective("explicit", #""name":"p","group":"inference.networking.k8s.io","kind":"InferencePool""#),
    ]
    policies.apply(.replaced(older), group: ResourceType.experimentalGroup)
    policies.apply(Reflector<ObjectiveObject>.Event.absent, group: ResourceType.routerGroup)
    func names(_ group: String?) -> [String] {
      policies.policies(of: PoolReference(group: group, kind: nil, name: "p")).objectives.map(\.name)
    }
    #expect(names(ResourceType.stableGroup) == ["explicit", "mine"])
    #expect(names(ResourceType.experimentalGroup) == ["experimental"])
    policies.apply(.replaced([try objective("new", #""name":"p""#)]), group: ResourceType.routerGroup)
    #expect(names(nil) == ["new"], "objects of the older group are not looked at where the newer one is installed")
    policies.apply(
      .changed([.gone(name: "new")] as [Reflector<ObjectiveObject>.Change]), group: ResourceType.routerGroup)
    #expect(names(nil).isEmpty)
    policies.apply(Reflector<ObjectiveObject>.Event.absent, group: ResourceType.routerGroup)
    #expect(names(nil) == ["explicit", "mine"])
  }

  @Test func paths() {
    #expect(ResourceType.pods.path(namespace: "ns") == "/api/v1/namespaces/ns/pods")
    #expect(
      ResourceType.leases.path(namespace: "ns", name: "l") == "/apis/coordination.k8s.io/v1/namespaces/ns/leases/l")
    #expect(ResourceType.inferencePools(group: "example.org") == nil)
  }
}
