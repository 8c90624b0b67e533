using System.Collections.ObjectModel;

namespace CtrPS.Client.Connection;

/// <summary>Maps of the wire come in another order each time; ours are in the keys' order, so that what did not change prints the same.</summary>
internal static class SortedMap
{
    public static ReadOnlyDictionary<string, string> From(IEnumerable<KeyValuePair<string, string>> map) =>
        new(map.OrderBy(pair => pair.Key, StringComparer.Ordinal).ToDictionary());
}
