using System.Management.Automation;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using System.Threading.Channels;
using CtrPS.Binding;
using CtrPS.Client;
using CtrPS.Completion;

namespace CtrPS.Commands;

/// <summary>Get-CtrLog: the lines that containers wrote.</summary>
[Cmdlet(VerbsCommon.Get, "CtrLog", DefaultParameterSetName = ContainerSet)]
[OutputType(typeof(CtrLogLine))]
public sealed partial class GetCtrLogCommand : CtrListCmdlet
{
    private const string ContainerSet = "Container";
    private const string PathSet = "Path";
    private const string LiteralPathSet = "LiteralPath";

    private readonly List<(CtrLogSource Source, CtrLogRequest Request)> _followed = [];
    private bool _warned;

    /// <summary>The containers: ids, wildcards, or objects of containers, tasks and events. From the pipeline also files.</summary>
    [Parameter(
        Position = 0, Mandatory = true, ParameterSetName = ContainerSet, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true,
        HelpMessage = "The containers. Wildcards are allowed.")]
    [Alias("Id", "ContainerId", "Name")]
    [ContainerIdentityTransformation(Files = true)]
    [ArgumentCompleter(typeof(ContainerCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public CtrContainerIdentity[] Container { get; set; } = [];

    /// <summary>Log files to read by themselves.</summary>
    [Parameter(Mandatory = true, ParameterSetName = PathSet, HelpMessage = "Log files to read by themselves. Wildcards are allowed.")]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] Path { get; set; } = [];

    /// <summary>Log files to read by themselves; their names are taken as they are.</summary>
    [Parameter(Mandatory = true, ParameterSetName = LiteralPathSet, HelpMessage = "Log files to read by themselves, their names taken as they are.")]
    [Alias("PSPath", "LP", "FullName")]
    [ValidateNotNullOrEmpty]
    public string[] LiteralPath { get; set; } = [];

    /// <summary>Only the last lines.</summary>
    [Parameter(HelpMessage = "Only so many of the last lines.")]
    [Alias("Last")]
    [ValidateRange(0, int.MaxValue)]
    public int Tail { get; set; }

    /// <summary>Only lines since then.</summary>
    [Parameter(HelpMessage = "Only lines since then: a date, a TimeSpan, or 90s, 10m, 1h30m, 2d.")]
    [MomentTransformation]
    public DateTimeOffset? Since { get; set; }

    /// <summary>Only lines until then.</summary>
    [Parameter(HelpMessage = "Only lines until then: a date, a TimeSpan, or 90s, 10m, 1h30m, 2d.")]
    [MomentTransformation]
    public DateTimeOffset? Until { get; set; }

    /// <summary>Only lines of this stream.</summary>
    [Parameter(HelpMessage = "Only lines of standard output, or of standard error.")]
    [ValidateSet("Output", "Error")]
    public CtrLogStream? Stream { get; set; }

    /// <summary>Go on with new lines, until the containers have ended.</summary>
    [Parameter(HelpMessage = "Go on with what is written, until the container has ended.")]
    [Alias("Wait")]
    public SwitchParameter Follow { get; set; }

    /// <inheritdoc/>
    private protected override bool IsEndless => Follow;

    /// <inheritdoc/>
    private protected override void OnRecord()
    {
        foreach (CtrContainerIdentity wanted in Container)
        {
            Guard(wanted, () =>
            {
                if (wanted.File is { } file)
                {
                    ReadFile(file);
                }
                else
                {
                    ReadContainer(wanted);
                }
            });
        }

        foreach (string path in Path.Concat(LiteralPath))
        {
            Guard(path, () =>
            {
                foreach (string file in Existing(path))
                {
                    Guard(file, () => ReadFile(file));
                }
            });
        }
    }

    /// <inheritdoc/>
    private protected override void OnEnd()
    {
        if (_followed.Count > 0)
        {
            Guard(null, () =>
            {
                foreach ((CtrLogSource source, CtrLogLine? line, CtrException? fault) in Pull(token => MergeAsync(_followed, token)))
                {
                    Guard(source.Common.ContainerId ?? source.Path, () => Write(line ?? throw fault!));
                }
            });
        }
    }

    private void ReadContainer(CtrContainerIdentity wanted)
    {
        CtrSession session = SessionOf(wanted.Session, $"Container '{wanted.Id}'");
        ICtrConnection connection = Connect(session);
        IReadOnlyList<string> namespaces = Namespaces(connection, session, wanted.Namespace, $"Container '{wanted.Id}'");
        foreach (CtrContainer container in Pull(token => ContainerFinder.FindInAsync(connection, namespaces, wanted, token)).ToList())
        {
            Guard(container, () =>
            {
                CtrLogSource source = Await(token => connection.Logs.FindAsync(container.Namespace, container.Id, token));
                Take(
                    source with { Common = source.Common.With(line => line.Address = session.Address) },
                    Request(token => connection.Logs.WaitEndAsync(container.Namespace, container.Id, token)));
            });
        }
    }

    private void ReadFile(string file) => Take(SourceOf(file), Request(null));

    /// <summary>Reads a log, or keeps it to be followed with the others.</summary>
    private void Take(CtrLogSource source, CtrLogRequest request)
    {
        if (Follow)
        {
            _followed.Add((source, request));
            return;
        }

        foreach (CtrLogLine line in Pull(token => Connector.Logs.ReadAsync(source, request, token)))
        {
            Write(line);
        }
    }

    private CtrLogRequest Request(Func<CancellationToken, Task>? ended) => new()
    {
        Tail = IsGiven(nameof(Tail)) ? Tail : null,
        Since = Since,
        Until = Until,
        Stream = Stream,
        Follow = Follow,
        Ended = ended,
    };

    private void Write(CtrLogLine line)
    {
        if (!_warned && ((line.Time is null && (Since ?? Until) is not null) || (line.Stream == CtrLogStream.Unknown && Stream is not null)))
        {
            _warned = true;
            string unsaid = line.Time is null
                ? "when its lines were written, nor to which stream"
                : "which stream its lines were written to";
            WriteWarning($"The log '{line.Path}' does not say {unsaid}: they are all taken.");
        }

        WriteObject(line);
    }

    private IEnumerable<string> Existing(string path)
    {
        try
        {
            return ProviderPath.Existing(this, path, literal: ParameterSetName == LiteralPathSet);
        }
        catch (CtrException e) when (e.ErrorId == CtrErrorIds.ArchiveNotFound)
        {
            if (ParameterSetName == PathSet && WildcardPattern.ContainsWildcardCharacters(path))
            {
                return [];
            }

            throw new CtrException(CtrErrorIds.LogNotFound, CtrStatus.NotFound, $"There is no log file '{path}'.", e) { Target = path };
        }
    }

    /// <summary>A file by itself. Where it lies as the kubelet puts it, its path tells the pod.</summary>
    private static CtrLogSource SourceOf(string file)
    {
        if (!Connector.IsRegularFile(file))
        {
            throw new CtrException(CtrErrorIds.InvalidPath, CtrStatus.InvalidArgument, $"'{file}' is not a file that could be a log.")
            {
                Target = file,
            };
        }

        Match pod = KubeletPath().Match(file);
        return new CtrLogSource
        {
            Path = file,
            Common = new CtrLogLine
            {
                Text = "",
                Path = file,
                PodNamespace = pod.Success ? pod.Groups["namespace"].Value : null,
                PodName = pod.Success ? pod.Groups["pod"].Value : null,
                ContainerName = pod.Success ? pod.Groups["container"].Value : null,
            },
        };
    }

    /// <summary>The lines of all logs as they come. What ends one of them ends only that.</summary>
    private static async IAsyncEnumerable<(CtrLogSource Source, CtrLogLine? Line, CtrException? Fault)> MergeAsync(
        IReadOnlyList<(CtrLogSource Source, CtrLogRequest Request)> logs, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var lines = Channel.CreateBounded<(CtrLogSource, CtrLogLine?, CtrException?)>(new BoundedChannelOptions(256) { SingleReader = true });
        async Task ReadAsync(CtrLogSource source, CtrLogRequest request)
        {
            try
            {
                await foreach (CtrLogLine line in Connector.Logs.ReadAsync(source, request, end.Token).ConfigureAwait(false))
                {
                    await lines.Writer.WriteAsync((source, line, null), end.Token).ConfigureAwait(false);
                }
            }
            catch (CtrException e)
            {
                await lines.Writer.WriteAsync((source, null, e), end.Token).ConfigureAwait(false);
            }
        }

        var all = Task.WhenAll(logs.Select(log => Task.Run(() => ReadAsync(log.Source, log.Request), end.Token)));
        _ = all.ContinueWith(done => lines.Writer.TryComplete(done.Exception?.InnerException), TaskScheduler.Default);
        try
        {
            await foreach ((CtrLogSource, CtrLogLine?, CtrException?) one in lines.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            {
                yield return one;
            }
        }
        finally
        {
            await end.CancelAsync().ConfigureAwait(false);
            await all.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // kubelet, pkg/kubelet/kuberuntime/helpers.go: <namespace>_<pod>_<uid>/<container>/<attempt>.log
    [GeneratedRegex(
        @"/(?<namespace>[a-z0-9-]+)_(?<pod>[a-z0-9.-]+)_[0-9a-f-]+/(?<container>[a-z0-9-]+)/\d+\.log[^/]*$",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex KubeletPath();
}
