namespace CtrPS;

/// <summary>A namespace of containerd.</summary>
public sealed class CtrNamespace
{
    internal CtrNamespace()
    {
    }

    /// <summary>The name.</summary>
    public string Name { get; internal set; } = null!;

    /// <summary>
    /// The labels. <c>containerd.io/defaults/snapshotter</c> and <c>containerd.io/defaults/runtime</c> hold the namespace's defaults.
    /// </summary>
    public IReadOnlyDictionary<string, string> Labels { get; internal set => field = CtrMap.Of(value); } = CtrMap<string>.Empty;

    /// <summary>Where the containerd listens that the namespace is of. Null where it is not known.</summary>
    public string? Address => Session?.Address;

    internal CtrSession? Session { get; set; }

    /// <summary>The record by the names of containerd's API, on one line. ctr has no JSON of a namespace.</summary>
    public string ToJson() => ToJson(false);

    /// <summary>The record by the names of containerd's API. ctr has no JSON of a namespace.</summary>
    /// <param name="indented">On several lines, for people.</param>
    public string ToJson(bool indented) => RecordJson.Text(RecordJson.Filled(("name", Name), ("labels", RecordJson.Map(Labels))), indented);

    /// <summary>The name.</summary>
    public override string ToString() => Name;
}
