namespace CtrPS;

/// <summary>Names a plugin for a cmdlet: an id, with or without wildcards, or a plugin object, which brings its kind and its session along.</summary>
public sealed class CtrPluginIdentity
{
    /// <summary>By id.</summary>
    public CtrPluginIdentity(string id)
        : this(id, null, null)
    {
    }

    /// <summary>By object.</summary>
    public CtrPluginIdentity(CtrPlugin plugin)
    {
        ArgumentNullException.ThrowIfNull(plugin);
        (Id, Type, Session) = (plugin.Id, plugin.Type, plugin.Session);
    }

    /// <summary>By what came back from a file.</summary>
    internal CtrPluginIdentity(string id, string? type, CtrSession? session)
    {
        ArgumentException.ThrowIfNullOrEmpty(id);
        (Id, Type, Session) = (id, string.IsNullOrEmpty(type) ? null : type, session);
    }

    /// <summary>The id as given.</summary>
    public string Id { get; }

    /// <summary>The kind that goes with it. Null: any.</summary>
    public string? Type { get; }

    /// <summary>The session that goes with it. Null: the cmdlet's.</summary>
    internal CtrSession? Session { get; }

    /// <summary>The id.</summary>
    public override string ToString() => Id;
}
