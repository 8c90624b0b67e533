namespace CtrPS.Client.Containers.Specs;

/// <summary>Merges environments, <c>NAME=value</c> each (pkg/oci/spec_opts.go, replaceOrAppendEnvValues).</summary>
internal static class EnvironmentList
{
    /// <summary>Puts variables over others: one that is there keeps its place, a new one comes last, a name alone removes it.</summary>
    public static IEnumerable<string> Merge(IEnumerable<string> defaults, IEnumerable<string> overrides)
    {
        var merged = new List<string?>();
        var places = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (string one in defaults)
        {
            places[Name(one)] = merged.Count;
            merged.Add(one);
        }

        foreach (string one in overrides.Where(one => one.Length > 0))
        {
            bool isSet = one.Contains('=', StringComparison.Ordinal);
            if (places.TryGetValue(Name(one), out int place))
            {
                merged[place] = isSet ? one : null;
            }
            else if (isSet)
            {
                places[Name(one)] = merged.Count;
                merged.Add(one);
            }
        }

        return merged.OfType<string>();
    }

    private static string Name(string variable) => variable.Split('=', 2)[0];
}
