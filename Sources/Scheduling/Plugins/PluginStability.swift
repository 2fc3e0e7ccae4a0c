/// How settled a plugin type is.
public enum PluginStability: String, Sendable, Hashable {
  /// May change or go; documents of the newer API version need `--allow-experimental-plugins` to use it.
  case alpha
  /// Here to stay.
  case beta
}
