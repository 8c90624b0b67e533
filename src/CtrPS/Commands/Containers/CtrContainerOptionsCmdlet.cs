using System.Collections;
using System.Management.Automation;
using System.Security.Cryptography;
using CtrPS.Binding;
using CtrPS.Completion;
using CtrPS.Files;

namespace CtrPS.Commands;

/// <summary>Base of the cmdlets that make containers: from an image, from a folder with a root file system, or from a spec.</summary>
public abstract class CtrContainerOptionsCmdlet : CtrSpecOptionsCmdlet
{
    private protected const string ImageSet = "Image";
    private protected const string RootFsSet = "RootFS";
    private protected const string SpecSet = "Spec";
    private protected const string SpecPathSet = "SpecPath";

    private string[]? _words;

    /// <summary>The image. With a spec: whose file system the container gets.</summary>
    [Parameter(Position = 0, Mandatory = true, ValueFromPipeline = true, ParameterSetName = ImageSet, HelpMessage = "The image.")]
    [Parameter(Position = 0, ValueFromPipeline = true, ParameterSetName = SpecSet, HelpMessage = "The image whose file system the container gets.")]
    [Parameter(
        Position = 0, ValueFromPipeline = true, ParameterSetName = SpecPathSet,
        HelpMessage = "The image whose file system the container gets.")]
    [ImageIdentityTransformation]
    [ArgumentCompleter(typeof(ImageCompleter))]
    [ValidateNotNull]
    public CtrImageIdentity? Image { get; set; }

    /// <summary>A folder on the daemon's machine that is the root file system.</summary>
    [Parameter(Mandatory = true, ParameterSetName = RootFsSet, HelpMessage = "A folder on the daemon's machine that is the root file system.")]
    [ValidateNotNullOrEmpty]
    public string? RootFS { get; set; }

    /// <summary>The spec: JSON, an object from New-CtrSpec, a hashtable.</summary>
    [Parameter(
        Mandatory = true, ParameterSetName = SpecSet,
        HelpMessage = "The spec: an object from New-CtrSpec, JSON, or a hashtable. It is used as it is.")]
    [SpecTransformation]
    [ValidateNotNull]
    public CtrSpec? Spec { get; set; }

    /// <summary>A file with the spec.</summary>
    [Parameter(Mandatory = true, ParameterSetName = SpecPathSet, HelpMessage = "A file with the spec, JSON. It is used as it is.")]
    [Alias("Config")]
    [ValidateNotNullOrEmpty]
    public string? SpecPath { get; set; }

    /// <summary>The id. Default: a new one, made from the image's name.</summary>
    [Parameter(
        Position = 1, ValueFromPipelineByPropertyName = true, ParameterSetName = ImageSet,
        HelpMessage = "The id of the container. Default: a new one, made from the image's name.")]
    [Parameter(
        Position = 1, ValueFromPipelineByPropertyName = true, ParameterSetName = RootFsSet,
        HelpMessage = "The id of the container. Default: a new one, made from the folder's name.")]
    [Parameter(
        Position = 1, ValueFromPipelineByPropertyName = true, ParameterSetName = SpecSet,
        HelpMessage = "The id of the container. Default: a new one.")]
    [Parameter(
        Position = 1, ValueFromPipelineByPropertyName = true, ParameterSetName = SpecPathSet,
        HelpMessage = "The id of the container. Default: a new one.")]
    [Alias("Name")]
    [ValidateNotNullOrEmpty]
    public string? Id { get; set; }

    /// <summary>The arguments for the image's entrypoint, or the program and its arguments.</summary>
    [Parameter(
        Position = 2, ValueFromRemainingArguments = true, ParameterSetName = ImageSet,
        HelpMessage = "The program and its arguments, or the arguments for the image's entrypoint. Write -- before them where they have options.")]
    [Parameter(
        Position = 2, ValueFromRemainingArguments = true, ParameterSetName = RootFsSet,
        HelpMessage = "The program and its arguments. Write -- before them where they have options.")]
    [WordsTransformation]
    [ValidateNotNull]
    public string[] Command { get; set; } = [];

    /// <summary>Labels of the container. They become annotations of the spec as well.</summary>
    [Parameter(HelpMessage = "Labels of the container.")]
    [ValidateNotNull]
    public Hashtable Label { get; set; } = [];

    /// <summary>The runtime. Default: the namespace's.</summary>
    [Parameter(HelpMessage = "The runtime, or the path of a shim. Default: the namespace's.")]
    [ArgumentCompleter(typeof(RuntimeCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Runtime { get; set; }

    /// <summary>For other runtimes than runc: a configuration file on the daemon's machine.</summary>
    [Parameter(HelpMessage = "For other runtimes than runc: a configuration file on the daemon's machine.")]
    [ValidateNotNullOrEmpty]
    public string? RuntimeConfigPath { get; set; }

    /// <summary>The runc to use: a name, or a path on the daemon's machine.</summary>
    [Parameter(HelpMessage = "The runc to use: a name, or a path on the daemon's machine.")]
    [ValidateNotNullOrEmpty]
    public string? RuncBinary { get; set; }

    /// <summary>The folder in which runc keeps its state.</summary>
    [Parameter(HelpMessage = "The folder in which runc keeps its state, on the daemon's machine.")]
    [ValidateNotNullOrEmpty]
    public string? RuncRoot { get; set; }

    /// <summary>Let runc make the control group through systemd.</summary>
    [Parameter(HelpMessage = "Let runc make the control group through systemd; -CgroupPath is written slice:prefix:name then.")]
    public SwitchParameter SystemdCgroup { get; set; }

    /// <summary>The snapshotter. Default: the namespace's.</summary>
    [Parameter(HelpMessage = "The snapshotter. Default: the namespace's.")]
    [ArgumentCompleter(typeof(SnapshotterCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Snapshotter { get; set; }

    /// <summary>Labels of the snapshot.</summary>
    [Parameter(HelpMessage = "Labels of the snapshot.")]
    [ValidateNotNull]
    public Hashtable SnapshotterLabel { get; set; } = [];

    /// <summary>The sandbox that it belongs to.</summary>
    [Parameter(HelpMessage = "The sandbox that it belongs to; containerd 1.7 and later.")]
    [ValidateNotNullOrEmpty]
    public string? Sandbox { get; set; }

    /// <summary>When containerd starts it again after its end.</summary>
    [Parameter(HelpMessage = "When containerd starts it again after its end: no, always, on-failure[:times], unless-stopped.")]
    [ArgumentCompleter(typeof(RestartPolicyCompleter))]
    [ValidateNotNullOrEmpty]
    public string? RestartPolicy { get; set; }

    /// <summary>Where containerd lets it log when it starts it again.</summary>
    [Parameter(HelpMessage = "Where it logs when containerd starts it again: a path on the daemon's machine, or a URI such as binary:///program.")]
    [ValidateNotNullOrEmpty]
    public string? RestartLogPath { get; set; }

    /// <summary>What further extensions the record gets.</summary>
    private protected virtual IReadOnlyDictionary<string, CtrExtension> Extensions => new Dictionary<string, CtrExtension>();

    private protected override IReadOnlyList<string> Words => _words ?? Command;

    /// <summary>
    /// Gives the command the word that PowerShell took for the id, where it stands behind <c>--</c>: all words there are the command's.
    /// </summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.InvalidArgument"/>: the image stands there too.</exception>
    private protected void PlaceWords()
    {
        CommandPlace place = CommandWords.Check(this);
        if (place.Missing > 1)
        {
            throw new CtrException(
                CtrErrorIds.InvalidArgument, CtrStatus.InvalidArgument, "The image stands behind --, where all words are the command's.")
            {
                RecommendedAction = "Write it before --. For images from the pipeline, name the command: -Command.",
            };
        }

        HasPlainId = Id is not null && !place.Named.Contains(nameof(Id));
        if (place.Missing > 0 && HasPlainId)
        {
            _words = [Id!, .. Command];
            Id = null;
            HasPlainId = false;
        }
    }

    /// <summary>Whether the id was given by position.</summary>
    private protected bool HasPlainId { get; private set; }

    /// <summary>Reads the parameters and finds the image, then does the work. An error about one container leaves the others to be done.</summary>
    private protected void ForEachRequest(Action<ContainerPlan> work) => Guard(Id ?? (object?)Image, () =>
    {
        if (Id == Image?.Name && !HasPlainId)
        {
            // -Name is the id, but the Name of a piped image is the image's.
            Id = null;
        }

        string what = Image is null ? "The container" : $"Image '{Image.Name}'";
        CtrSession session = SessionOf(Image?.Session, what);
        string name = NamespaceOf(Image?.Namespace, Namespace, session, what);
        if (Id is not null)
        {
            _ = CtrIdentifier.RequireContainerId(Id);
        }

        CtrSpec? spec = SpecPath is null ? Spec : CtrSpec.Parse(TextFile.Read(this, SpecPath));
        if (spec is not null && GivenSpecOptions.ToArray() is { Length: > 0 } given)
        {
            throw new CtrException(
                CtrErrorIds.InvalidArgument, CtrStatus.InvalidArgument,
                $"A spec is used as it is: {string.Join(", ", given.Select(one => "-" + one))} cannot be given with it.")
            {
                RecommendedAction = "Change the spec itself, or make it with New-CtrSpec, which takes these parameters.",
            };
        }

        CtrContainerOptions options = spec is null ? ReadOptions() : new CtrContainerOptions();
        ICtrConnection connection = Connect(session);
        CtrImage? image = Image is null ? null : Await(token => ImageFinder.FindOneAsync(connection, name, Image, token));
        work(new ContainerPlan(session, connection, Request(name, image, spec, options)));
    });

    /// <summary>Makes the container.</summary>
    private protected CtrContainer Create(ContainerPlan plan)
    {
        CtrContainerOutcome outcome = AwaitTransfer(
            $"Creating container {plan.Request.Id}", (meter, token) => plan.Connection.Containers.CreateAsync(plan.Request, meter, token));
        foreach (string warning in outcome.Warnings)
        {
            WriteWarning(warning);
        }

        outcome.Container.Session = plan.Session;
        return outcome.Container;
    }

    private CtrContainerRequest Request(string @namespace, CtrImage? image, CtrSpec? spec, CtrContainerOptions options)
    {
        string id = Id ?? NewId(image?.Repository ?? image?.Name ?? RootFS ?? "container");
        return new CtrContainerRequest
        {
            Namespace = @namespace,
            Id = id,
            Image = image,
            RootFs = RootFS is null ? null : ProviderPath.Resolve(this, RootFS),
            Spec = spec,
            Platform = Platform,
            Snapshotter = Snapshotter,
            SnapshotLabels = Texts(SnapshotterLabel),
            Labels = Texts(Label),
            Extensions = Extensions,
            Runtime = new CtrRuntimeChoice
            {
                Name = Runtime,
                RuncBinary = RuncBinary,
                RuncRoot = RuncRoot,
                SystemdCgroup = SystemdCgroup,
                ConfigPath = RuntimeConfigPath,
            },
            Sandbox = Sandbox ?? "",
            RestartPolicy = RestartPolicy,
            RestartLogUri = RestartLogPath is null ? null
                : RestartLogPath.Contains("://", StringComparison.Ordinal) ? TaskLogUri.From(RestartLogPath, id)
                : TaskLogUri.FromPath(this, RestartLogPath, id),
            Options = options,
        };
    }

    /// <summary>An id that tells what it is and that nobody has: the last part of a name, and six letters or digits.</summary>
    private static string NewId(string name)
    {
        string last = name.TrimEnd('/').Split('/')[^1].Split(':', '@')[0];
        string dashed = new([.. last.Select(c => char.IsAsciiLetterOrDigit(c) ? c : '-')]);
        string plain = string.Join('-', dashed.Split('-', StringSplitOptions.RemoveEmptyEntries));
        string begin = plain.Length == 0 ? "container" : plain[..Math.Min(plain.Length, 60)].TrimEnd('-');
        return $"{begin}-{RandomNumberGenerator.GetString("abcdefghijklmnopqrstuvwxyz0123456789", 6)}";
    }

    private static Dictionary<string, string> Texts(Hashtable table) =>
        Labels.From(table).ToDictionary(pair => pair.Key, pair => pair.Value ?? "", StringComparer.Ordinal);

    /// <summary>A container to make, and where.</summary>
    /// <param name="Session">Where.</param>
    /// <param name="Connection">The session's connection.</param>
    /// <param name="Request">What.</param>
    private protected sealed record ContainerPlan(CtrSession Session, ICtrConnection Connection, CtrContainerRequest Request)
    {
        /// <summary>The container in words.</summary>
        public string Words => $"container '{Request.Id}' in namespace '{Request.Namespace}'";

        /// <summary>What it is made from, in words.</summary>
        public string Origin => Request.Image is { } image ? $"image '{image.Name}'"
            : Request.RootFs is { } folder ? $"the root file system in '{folder}'"
            : "its spec alone";
    }
}
