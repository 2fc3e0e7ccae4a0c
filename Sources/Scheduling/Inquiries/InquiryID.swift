/// Tells the inquiries of one plugin from those of others; see ``PluginContext/makeInquiry()``.
public struct InquiryID: Sendable, Hashable {
  let index: Int
}

extension PluginContext {
  /// A name for the inquiries of the plugin being made.
  public func makeInquiry() -> InquiryID { attributes.makeInquiry() }
}
