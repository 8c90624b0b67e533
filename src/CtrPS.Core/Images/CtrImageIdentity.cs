namespace CtrPS;

/// <summary>
/// Names an image for a cmdlet: a name as the user writes it (wildcards where the cmdlet takes them), or an image object, which brings its
/// namespace and session along.
/// </summary>
public sealed class CtrImageIdentity
{
    /// <summary>By name. Namespace and session are the cmdlet's.</summary>
    public CtrImageIdentity(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        Name = name;
    }

    /// <summary>By name in a namespace.</summary>
    public CtrImageIdentity(string name, string? @namespace)
        : this(name)
    {
        Namespace = string.IsNullOrEmpty(@namespace) ? null : @namespace;
    }

    /// <summary>By name, namespace and session: a record that came back from a file.</summary>
    internal CtrImageIdentity(string name, string? @namespace, CtrSession? session)
        : this(name, @namespace) => Session = session;

    /// <summary>By object.</summary>
    public CtrImageIdentity(CtrImage image)
    {
        ArgumentNullException.ThrowIfNull(image);
        Name = image.Name;
        Namespace = image.Namespace;
        Image = image;
        Session = image.Session;
    }

    /// <summary>By something that an object tells of.</summary>
    internal CtrImageIdentity(string name, CtrObject source)
        : this(name, source.Namespace) => Session = source.Session;

    /// <summary>By a file of it, which is meant alone.</summary>
    internal CtrImageIdentity(CtrImageFile file, CtrSession? session)
        : this(file.Image, file.Namespace)
    {
        File = file;
        Session = file.Session ?? session;
    }

    /// <summary>All images of a namespace.</summary>
    internal CtrImageIdentity(CtrNamespace @namespace)
        : this("*", @namespace.Name) => Session = @namespace.Session;

    /// <summary>The name as given.</summary>
    public string Name { get; }

    /// <summary>The namespace that goes with it. Null: the cmdlet's.</summary>
    public string? Namespace { get; }

    /// <summary>The object it was made from. Null when it was made from a name.</summary>
    internal CtrImage? Image { get; }

    /// <summary>The file of the image that is meant. Null: the image is.</summary>
    internal CtrImageFile? File { get; }

    /// <summary>The session that goes with it. Null: the cmdlet's.</summary>
    internal CtrSession? Session { get; }

    /// <summary>The name.</summary>
    public override string ToString() => Name;
}
