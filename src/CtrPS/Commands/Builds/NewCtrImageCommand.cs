using System.Collections;
using System.Globalization;
using System.Management.Automation;
using System.Text.RegularExpressions;
using CtrPS.Binding;
using CtrPS.Completion;

namespace CtrPS.Commands;

/// <summary>New-CtrImage: makes an image of a root file system, of another image with changes, or of a container.</summary>
[Cmdlet(VerbsCommon.New, "CtrImage", SupportsShouldProcess = true, DefaultParameterSetName = FromSet)]
[OutputType(typeof(CtrImage))]
public sealed partial class NewCtrImageCommand : CtrSessionCmdlet
{
    private const string PathSet = "Path";
    private const string LiteralSet = "LiteralPath";
    private const string FromSet = "From";
    private const string ContainerSet = "Container";
    private const string EpochVariable = "SOURCE_DATE_EPOCH";

    private bool _made;

    /// <summary>Name of the image to make, by docker's rules.</summary>
    [Parameter(Position = 0, Mandatory = true, HelpMessage = "The name of the image to make.")]
    [ValidateNotNullOrEmpty]
    public string Name { get; set; } = "";

    /// <summary>A root file system: a folder, or a tar of it, compressed or not.</summary>
    [Parameter(Mandatory = true, ParameterSetName = PathSet, HelpMessage = "A root file system: a folder, or a tar, compressed or not.")]
    [ValidateNotNullOrEmpty]
    public string? Path { get; set; }

    /// <summary>The same, as it is written.</summary>
    [Parameter(
        Mandatory = true, ParameterSetName = LiteralSet,
        HelpMessage = "A root file system: a folder or a tar; no character has a special meaning.")]
    [Alias("PSPath", "LP", "FullName")]
    [ValidateNotNullOrEmpty]
    public string? LiteralPath { get; set; }

    /// <summary>The image to build on. Its layers stay where they are.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = FromSet, HelpMessage = "The image to build on.")]
    [ImageIdentityTransformation]
    [ArgumentCompleter(typeof(ImageCompleter))]
    [ValidateNotNullOrEmpty]
    public CtrImageIdentity? From { get; set; }

    /// <summary>Folders whose files are added, a layer for each.</summary>
    [Parameter(ParameterSetName = FromSet, HelpMessage = "Folders whose files are added, a layer for each.")]
    [ValidateNotNullOrEmpty]
    public string[] AddPath { get; set; } = [];

    /// <summary>Where in the image the files of -AddPath go.</summary>
    [Parameter(ParameterSetName = FromSet, HelpMessage = "The folder of the image that the files of -AddPath go to.")]
    [ValidateNotNullOrEmpty]
    public string Target { get; set; } = "/";

    /// <summary>The container whose changes become a layer of the image that it was made from.</summary>
    [Parameter(
        Mandatory = true, ValueFromPipeline = true, ParameterSetName = ContainerSet,
        HelpMessage = "The container whose changes become a layer of the image that it was made from.")]
    [ContainerIdentityTransformation]
    [ArgumentCompleter(typeof(ContainerCompleter))]
    [ValidateNotNullOrEmpty]
    public CtrContainerIdentity? Container { get; set; }

    /// <summary>Pause the container's processes while its files are read.</summary>
    [Parameter(ParameterSetName = ContainerSet, HelpMessage = "Pause the container's processes while its files are read.")]
    public SwitchParameter Pause { get; set; }

    /// <summary>The namespace. Default: the session's; an object brings its own.</summary>
    [Parameter(HelpMessage = "The namespace.")]
    [ArgumentCompleter(typeof(NamespaceCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Namespace { get; set; }

    /// <summary>Variables, <c>NAME=value</c> each; <c>NAME</c> alone, or $null in a hashtable, removes the image's.</summary>
    [Parameter(HelpMessage = "Environment variables: a hashtable, or NAME=value; NAME alone removes the image's.")]
    [PairTransformation]
    [ValidateNotNull]
    public string[] Env { get; set; } = [];

    /// <summary>The program. The arguments of the image that it is built on go, unless -Cmd gives others. Empty: none.</summary>
    [Parameter(HelpMessage = "The program, with arguments that are always given.")]
    [AllowEmptyCollection]
    public string[]? Entrypoint { get; set; }

    /// <summary>The arguments, or the program where there is no entrypoint. Empty: none.</summary>
    [Parameter(HelpMessage = "The arguments, or the program where there is no entrypoint.")]
    [Alias("Command")]
    [AllowEmptyCollection]
    public string[]? Cmd { get; set; }

    /// <summary>The working directory. Empty: none.</summary>
    [Parameter(HelpMessage = "The working directory.")]
    [Alias("Cwd")]
    [AllowEmptyString]
    public string? WorkingDirectory { get; set; }

    /// <summary>The user. Empty: none.</summary>
    [Parameter(HelpMessage = "The user: a name or number, with a group behind a colon if wanted.")]
    [AllowEmptyString]
    public string? User { get; set; }

    /// <summary>Labels of the image's config; $null removes one.</summary>
    [Parameter(HelpMessage = "Labels of the image's config; $null removes one.")]
    [ValidateNotNull]
    public Hashtable Label { get; set; } = [];

    /// <summary>Ports to add.</summary>
    [Parameter(HelpMessage = "Ports that the image listens at, as in 80 or 53/udp.")]
    [ValidateNotNullOrEmpty]
    public string[] ExposedPort { get; set; } = [];

    /// <summary>Volumes to add.</summary>
    [Parameter(HelpMessage = "Folders of the image that are meant to be volumes.")]
    [ValidateNotNullOrEmpty]
    public string[] Volume { get; set; } = [];

    /// <summary>The signal that ends it. Empty: none.</summary>
    [Parameter(HelpMessage = "The signal that ends the image's program.")]
    [ArgumentCompleter(typeof(SignalCompleter))]
    [AllowEmptyString]
    public string? StopSignal { get; set; }

    /// <summary>Which of the image's platforms to build on; or, for a root file system, what it is for. Default: the daemon's.</summary>
    [Parameter(HelpMessage = "The platform, such as linux/arm64. Default: the daemon's.")]
    [ArgumentCompleter(typeof(PlatformCompleter))]
    [ValidateNotNull]
    public CtrPlatform? Platform { get; set; }

    /// <summary>Who made it.</summary>
    [Parameter(HelpMessage = "Who made the image.")]
    [ValidateNotNullOrEmpty]
    public string? Author { get; set; }

    /// <summary>A comment for the history.</summary>
    [Parameter(HelpMessage = "A comment for the image's history.")]
    [Alias("Message")]
    [ValidateNotNullOrEmpty]
    public string? Comment { get; set; }

    /// <summary>
    /// When it was made; files that were changed later are said to be of that time. Default: what $env:SOURCE_DATE_EPOCH says, else now.
    /// </summary>
    [Parameter(HelpMessage = "When the image was made: given, the same files make the same digest. Default: $env:SOURCE_DATE_EPOCH, else now.")]
    [MomentTransformation]
    public DateTimeOffset Created { get; set; }

    /// <summary>How new layers are compressed.</summary>
    [Parameter(HelpMessage = "How new layers are compressed: None, Gzip or Zstd.")]
    [ValidateSet(nameof(CtrCompression.None), nameof(CtrCompression.Gzip), nameof(CtrCompression.Zstd))]
    public CtrCompression Compression { get; set; } = CtrCompression.Gzip;

    /// <summary>Leave the layers packed.</summary>
    [Parameter(HelpMessage = "Leave the layers packed.")]
    public SwitchParameter NoUnpack { get; set; }

    /// <summary>The snapshotter to unpack with.</summary>
    [Parameter(HelpMessage = "The snapshotter to unpack with.")]
    [ArgumentCompleter(typeof(SnapshotterCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Snapshotter { get; set; }

    /// <summary>Move a name that points to another image.</summary>
    [Parameter(HelpMessage = "Move a name that points to another image.")]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    private protected override void OnBegin() => OrEnd(() =>
    {
        Name = CtrImageReference.Parse(Name).ToString();
        if (NoUnpack && Snapshotter is not null)
        {
            throw new CtrException(
                CtrErrorIds.InvalidArgument, CtrStatus.InvalidArgument, "-NoUnpack and -Snapshotter contradict each other: give one of them.");
        }

        foreach ((string parameter, string path) in Volume.Select(path => (nameof(Volume), path))
            .Append((nameof(Target), Target)).Append((nameof(WorkingDirectory), WorkingDirectory is { Length: > 0 } ? WorkingDirectory : "/")))
        {
            if (!path.StartsWith('/'))
            {
                throw Wrong(parameter, path, "no absolute path: that begins with a slash");
            }
        }

        if (Target.Split('/').Contains(".."))
        {
            throw Wrong(nameof(Target), Target, "no path that can be used: it leads upwards");
        }

        if (ExposedPort.FirstOrDefault(port => !Port().IsMatch(port)) is { } wrong)
        {
            throw Wrong(nameof(ExposedPort), wrong, "no port such as 80, 53/udp or 8000-8010/tcp");
        }

        _ = EnvChanges();
        _ = Labels.From(Label);
        _ = CreatedAt();
    });

    /// <inheritdoc/>
    private protected override void OnRecord() => Guard(Name, () =>
    {
        if (_made)
        {
            throw new CtrException(
                CtrErrorIds.InvalidArgument, CtrStatus.InvalidArgument, $"'{Name}' is one image, and several are piped in to make it of.")
            {
                Target = Name,
                RecommendedAction = "Make one after the other, each with a name of its own: ForEach-Object { New-CtrImage ... }.",
            };
        }

        _made = true;
        Make();
    });

    private static CtrException Wrong(string parameter, string value, string why) => new(
        CtrErrorIds.InvalidArgument, CtrStatus.InvalidArgument, $"'{value}', which -{parameter} gives, is {why}.")
    {
        Target = value,
    };

    private void Make()
    {
        (CtrSession session, string name) = Where();
        ICtrConnection connection = Connect(session);
        CtrBuildRequest request = Request(name);
        string words;
        switch (ParameterSetName)
        {
            case FromSet:
                CtrImage lower = One(
                    Pull(token => ImageFinder.FindAsync(connection, name, From!, CtrImageDetail.None, token)).DistinctBy(image => image.Digest),
                    From!.Name);
                request = request with { From = lower, AddPaths = [.. AddPath.Select(path => PathOf(path, literal: false, isFolder: true))] };
                words = $"image '{lower.Name}'" + (request.AddPaths.Count == 0 ? ""
                    : $" with the files of {string.Join(", ", request.AddPaths.Select(path => $"'{path}'"))} in '{Target}'");
                break;
            case ContainerSet:
                CtrContainer container = One(Pull(token => ContainerFinder.FindAsync(connection, name, Container!, token)), Container!.Id);
                request = request with { Container = container.Id };
                words = $"container '{container.Id}'";
                break;
            default:
                bool literal = ParameterSetName == LiteralSet;
                request = request with { Path = PathOf(literal ? LiteralPath! : Path!, literal, isFolder: false) };
                words = $"'{request.Path}'";
                break;
        }

        if (!ShouldProcess(session, $"image '{Name}' in namespace '{name}'", $"Make from {words}"))
        {
            return;
        }

        CtrBuild made = AwaitTransfer($"Making {Name}", (meter, token) => connection.Builder.BuildAsync(request, meter, token));
        foreach (string note in made.Notes)
        {
            WriteWarning(note);
        }

        CtrImage whole =
            Await(token => connection.Images.LookUpAsync(name, made.Image.Name, CtrImageDetail.Full, false, token)) is [CtrImage now, ..]
                ? now
                : made.Image;
        whole.Session = session;
        WriteObject(whole);
    }

    private (CtrSession Session, string Namespace) Where()
    {
        (CtrSession? carried, string? itsNamespace, string what) = ParameterSetName switch
        {
            FromSet => (From!.Session, From.Namespace, $"Image '{From.Name}'"),
            ContainerSet => (Container!.Session, Container.Namespace, $"Container '{Container.Id}'"),
            _ => (null, null, $"Image '{Name}'"),
        };
        CtrSession session = SessionOf(carried, what);
        return (session, NamespaceOf(itsNamespace, Namespace, session, what));
    }

    private CtrBuildRequest Request(string @namespace)
    {
        (DateTimeOffset created, bool isGiven) = CreatedAt();
        return new CtrBuildRequest
        {
            Namespace = @namespace,
            Name = Name,
            Target = Target,
            Pause = Pause,
            Platform = Platform,
            Compression = Compression,
            Replace = Force,
            Unpack = !NoUnpack,
            Snapshotter = Snapshotter,
            Changes = new CtrConfigChanges
            {
                Env = EnvChanges(),
                Labels = new SortedDictionary<string, string?>(Labels.From(Label), StringComparer.Ordinal),
                Entrypoint = Entrypoint,
                Cmd = Cmd,
                WorkingDirectory = WorkingDirectory,
                User = User,
                StopSignal = StopSignal,
                ExposedPorts = [.. ExposedPort.Select(port => port.Contains('/', StringComparison.Ordinal) ? port : port + "/tcp")],
                Volumes = Volume,
                Author = Author,
                Comment = Comment,
                CreatedBy = "New-CtrImage " + Origin(),
                Created = created,
                ClampTimes = isGiven,
            },
        };
    }

    /// <summary>For the history: the same wherever files lie and whatever an image is called here.</summary>
    private string Origin() => ParameterSetName switch
    {
        FromSet => AddPath.Length > 0 ? $"-From -AddPath -Target {Target}" : "-From",
        ContainerSet => "-Container",
        _ => "-Path",
    };

    private SortedDictionary<string, string?> EnvChanges()
    {
        var changes = new SortedDictionary<string, string?>(StringComparer.Ordinal);
        foreach (string pair in Env)
        {
            int equals = pair.IndexOf('=', StringComparison.Ordinal);
            changes[equals < 0 ? pair : pair[..equals]] = equals < 0 ? null : pair[(equals + 1)..];
        }

        return changes.Keys.Any(name => name.Length == 0)
            ? throw new CtrException(CtrErrorIds.InvalidArgument, CtrStatus.InvalidArgument, "A variable of -Env has no name.")
            : changes;
    }

    /// <summary>When the image is said to be made, and whether that was given (reproducible-builds.org, SOURCE_DATE_EPOCH).</summary>
    private (DateTimeOffset Created, bool IsGiven) CreatedAt()
    {
        if (IsGiven(nameof(Created)))
        {
            return (Created, true);
        }

        string? epoch = Environment.GetEnvironmentVariable(EpochVariable);
        return string.IsNullOrEmpty(epoch) ? (DateTimeOffset.UtcNow, false)
            : Seconds().IsMatch(epoch) ? (DateTimeOffset.FromUnixTimeSeconds(long.Parse(epoch, CultureInfo.InvariantCulture)), true)
            : throw new CtrException(
                CtrErrorIds.InvalidArgument,
                CtrStatus.InvalidArgument,
                $"$env:{EpochVariable} is '{ForeignText.Show(epoch)}', and not seconds since 1970.")
            {
                Target = EpochVariable,
            };
    }

    private T One<T>(IEnumerable<T> found, string given)
        where T : CtrObject
    {
        T[] few = [.. found.Take(2)];
        return few.Length == 1 ? few[0] : throw new CtrException(
            CtrErrorIds.InvalidArgument,
            CtrStatus.InvalidArgument,
            few.Length == 0 ? $"Nothing is called '{given}'." : $"'{given}' means several: '{Name}' is made of one.")
        {
            Target = given,
        };
    }

    private string PathOf(string given, bool literal, bool isFolder)
    {
        IReadOnlyList<string> found = ProviderPath.Existing(this, given, literal);
        string? wrong = found.Count > 1 ? "means several files"
            : isFolder && !Directory.Exists(found[0]) ? "is no folder"
            : null;
        return wrong is null ? found[0] : throw new CtrException(
            CtrErrorIds.InvalidPath, CtrStatus.InvalidArgument, $"'{given}' {wrong}: one {(isFolder ? "folder" : "root file system")} is taken.")
        {
            Target = given,
        };
    }

    [GeneratedRegex("^[0-9]{1,5}(-[0-9]{1,5})?(/(tcp|udp|sctp))?$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Port();

    [GeneratedRegex("^[0-9]{1,11}$", RegexOptions.CultureInvariant)]
    private static partial Regex Seconds();
}
