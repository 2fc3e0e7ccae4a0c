import EndpointPicker
import Foundation
import PickerConfiguration
import Scheduling
import Testing

/// The DocC catalog says what the code does.
@Suite struct DocumentationTests {
  private static let tests = URL(filePath: #filePath).deletingLastPathComponent()

  private static func catalog(_ name: String) -> URL {
    tests.appending(path: "../../Sources/EndpointPicker/EndpointPicker.docc/\(name)")
  }

  private func text(_ url: URL) throws -> String { try String(contentsOf: url, encoding: .utf8) }

  /// `EPP_UPDATE_DOCUMENTATION=1` writes the page anew.
  @Test func tableOfPluginsIsThatOfTheRegistrations() throws {
    let page = Self.page(PluginTable(.standard))
    let url = Self.catalog("Plugins.md")
    if ProcessInfo.processInfo.environment["EPP_UPDATE_DOCUMENTATION"] == "1" {
      try page.write(to: url, atomically: true, encoding: .utf8)
    }
    #expect(try text(url) == page, "run the test with EPP_UPDATE_DOCUMENTATION=1")
  }

  private static func page(_ table: PluginTable) -> String {
    """
    # Plugins

    All types that configurations can name.

    ## Overview

    Generated from the registrations. A plugin *reads* the data of the producers listed; they are made when the
    configuration has none. Parameters show their defaults; `-` marks those without one. Experimental types need
    `--allow-experimental-plugins` in documents of `llm-d.ai/v1alpha1`.

    \(table.markdown)
    """
  }

  /// Compiled with the tests, so what the page shows works.
  @Test func exampleIsTheOneThatIsCompiled() throws {
    let source = try text(Self.tests.appending(path: "Examples/WritingAPluginExample.swift"))
    let page = try text(Self.catalog("WritingAPlugin.md"))
    #expect(page.contains("```swift\n\(source)```\n"))
  }

  @Test func exampleWorks() throws {
    var options = ProcessOptions()
    func check(_ parameters: String) throws -> ConfigurationCheck {
      options.configuration = .text(
        "apiVersion: llm-d.ai/v1alpha1\nkind: EndpointPickerConfig\n"
          + "plugins: [{type: label-scorer, parameters: {\(parameters)}}]\n")
      return try ConfigurationCheck(options, registry: registryWithLabelScorer())
    }
    #expect(try check("label: canary").effectiveConfiguration.contains("busyQueue: 10"))
    let error = #expect(throws: ConfigurationError.self) { try check("lable: canary, busyQueue: 0") }
    #expect(error?.problems.count == 3)
  }

  @Test func everyNameOfExpressionsIsExplained() throws {
    let page = try text(Self.catalog("Expressions.md"))
    for name in SchedulingExpressionNames.all {
      #expect(page.contains("`\(name)`") || page.contains("`\(name)("), "\(name)")
    }
  }
}
