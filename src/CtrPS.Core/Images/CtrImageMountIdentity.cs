namespace CtrPS;

/// <summary>
/// Names mounted images for a cmdlet: a folder, the name of an image (wildcards), or an object of a mount or an image, which brings its namespace and
/// session along.
/// </summary>
public sealed class CtrImageMountIdentity
{
    /// <summary>By folder or by name of the image. What begins with a slash, a dot or a tilde is a folder.</summary>
    public CtrImageMountIdentity(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        Name = name;
        IsPath = name[0] is '/' or '.' or '~';
    }

    /// <summary>By mount.</summary>
    public CtrImageMountIdentity(CtrImageMount mount)
        : this((mount ?? throw new ArgumentNullException(nameof(mount))).Path, mount)
    {
    }

    /// <summary>By image: all places where it is mounted.</summary>
    public CtrImageMountIdentity(CtrImage image)
        : this((image ?? throw new ArgumentNullException(nameof(image))).Name, image) => Image = new CtrImageIdentity(image);

    /// <summary>By name, namespace and session: a record that came back from a file.</summary>
    internal CtrImageMountIdentity(string name, string? @namespace, CtrSession? session)
        : this(name) => (Namespace, Session) = (@namespace, session);

    /// <summary>By something that an object tells of.</summary>
    internal CtrImageMountIdentity(string name, CtrObject source)
        : this(name) => (Namespace, Session, IsObject) = (source.Namespace, source.Session, true);

    /// <summary>The folder or the name as given.</summary>
    public string Name { get; }

    /// <summary>The namespace that goes with it. Null: the cmdlet's.</summary>
    public string? Namespace { get; }

    /// <summary>Whether it is a folder.</summary>
    internal bool IsPath { get; }

    /// <summary>Whether it was made from an object: then the name is literal.</summary>
    internal bool IsObject { get; }

    /// <summary>The image that it was made from. Null: it was not.</summary>
    internal CtrImageIdentity? Image { get; }

    /// <summary>The session that goes with it. Null: the cmdlet's.</summary>
    internal CtrSession? Session { get; }

    /// <summary>The name.</summary>
    public override string ToString() => Name;
}
