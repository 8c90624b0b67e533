namespace CtrPS;

/// <summary>Names a namespace for a cmdlet: a name, or a namespace object, which brings its session along.</summary>
public sealed class CtrNamespaceIdentity
{
    /// <summary>By name.</summary>
    public CtrNamespaceIdentity(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        Name = name;
    }

    /// <summary>By object.</summary>
    public CtrNamespaceIdentity(CtrNamespace @namespace)
    {
        ArgumentNullException.ThrowIfNull(@namespace);
        Name = @namespace.Name;
        Session = @namespace.Session;
    }

    /// <summary>The name.</summary>
    public string Name { get; }

    /// <summary>The session that goes with it. Null: the cmdlet's.</summary>
    internal CtrSession? Session { get; }

    /// <summary>The name.</summary>
    public override string ToString() => Name;
}
