namespace CtrPS;

/// <summary>
/// Names a container for a cmdlet: an id or a wildcard pattern, or an object that stands for one (a container, a task, a process), which brings its
/// namespace and session along.
/// </summary>
public sealed class CtrContainerIdentity
{
    /// <summary>By id.</summary>
    public CtrContainerIdentity(string id)
        : this(id, (string?)null)
    {
    }

    /// <summary>By container.</summary>
    public CtrContainerIdentity(CtrContainer container)
        : this((container ?? throw new ArgumentNullException(nameof(container))).Id, container)
    {
    }

    /// <summary>By task.</summary>
    public CtrContainerIdentity(CtrTask task)
        : this((task ?? throw new ArgumentNullException(nameof(task))).Id, task)
    {
    }

    /// <summary>By process.</summary>
    public CtrContainerIdentity(CtrProcess process)
        : this((process ?? throw new ArgumentNullException(nameof(process))).Id, process) => Process = process;

    /// <summary>By metric.</summary>
    public CtrContainerIdentity(CtrMetric metric)
        : this((metric ?? throw new ArgumentNullException(nameof(metric))).Id, metric)
    {
    }

    /// <summary>By id and namespace.</summary>
    internal CtrContainerIdentity(string id, string? @namespace)
    {
        ArgumentException.ThrowIfNullOrEmpty(id);
        Id = id;
        Namespace = @namespace;
    }

    /// <summary>By id, namespace and session: a record that came back from a file.</summary>
    internal CtrContainerIdentity(string id, string? @namespace, CtrSession? session)
        : this(id, @namespace) => Session = session;

    /// <summary>By an object of a container.</summary>
    internal CtrContainerIdentity(string id, CtrObject source)
        : this(id, source.Namespace)
    {
        IsObject = true;
        Session = source.Session;
    }

    /// <summary>All containers of a namespace.</summary>
    internal CtrContainerIdentity(CtrNamespace @namespace)
        : this("*", @namespace.Name) => Session = @namespace.Session;

    /// <summary>All containers of an image.</summary>
    internal CtrContainerIdentity(CtrImage image)
        : this("*", image.Namespace)
    {
        Session = image.Session;
        Image = image;
    }

    /// <summary>A log file in the place of a container, for cmdlets that take both.</summary>
    internal static CtrContainerIdentity OfFile(string path) => new(path) { File = path };

    /// <summary>The id or pattern as given.</summary>
    public string Id { get; }

    /// <summary>The namespace that goes with it. Null: the cmdlet's.</summary>
    public string? Namespace { get; }

    /// <summary>The image whose containers are meant. Null: those of any.</summary>
    internal CtrImage? Image { get; }

    /// <summary>The process that it was made from. Null: it was not.</summary>
    internal CtrProcess? Process { get; }

    /// <summary>The file that stands in the place of a container. Null: there is a container.</summary>
    internal string? File { get; private init; }

    /// <summary>Whether it was made from an object: then the id is literal.</summary>
    internal bool IsObject { get; }

    /// <summary>The session that goes with it. Null: the cmdlet's.</summary>
    internal CtrSession? Session { get; }

    /// <summary>The id.</summary>
    public override string ToString() => Id;
}
