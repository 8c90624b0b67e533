using System.Management.Automation;
using CtrPS.Binding;
using CtrPS.Output;

namespace CtrPS.Commands;

/// <summary>Clear-CtrImage: removes images that nothing works with, as many as wanted, and tells what that freed.</summary>
[Cmdlet(VerbsCommon.Clear, "CtrImage", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High, DefaultParameterSetName = AllSet)]
[OutputType(typeof(CtrClearedResource))]
public sealed class ClearCtrImageCommand : CtrListCmdlet
{
    private const string AllSet = "All";
    private const string UntilFreeSet = "UntilFree";
    private const string ReclaimSet = "Reclaim";

    private const string Verb = "Remove";

    /// <summary>No more than it takes until the file system has so many bytes free.</summary>
    [Parameter(
        Mandatory = true, ParameterSetName = UntilFreeSet,
        HelpMessage = "No more than it takes until the file system with containerd's blobs has so many bytes free, such as 20GB.")]
    [BytesTransformation]
    [ValidateRange(0, long.MaxValue)]
    public long UntilFree { get; set; }

    /// <summary>No more than it takes to free so many bytes.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ReclaimSet, HelpMessage = "No more than it takes to free so many bytes, such as 5GB.")]
    [BytesTransformation]
    [ValidateRange(0, long.MaxValue)]
    public long Reclaim { get; set; }

    /// <summary>Only images that were not pulled, tagged or changed since then.</summary>
    [Parameter(HelpMessage = "Only what was not pulled, tagged or changed since then: a date, a TimeSpan, or 90s, 10m, 1h30m, 30d ago.")]
    [MomentTransformation]
    public DateTimeOffset? OlderThan { get; set; }

    /// <summary>Images of each repository that stay, the newest.</summary>
    [Parameter(HelpMessage = "Images of each repository that stay: those that were pulled, tagged or changed last.")]
    [ValidateRange(0, int.MaxValue)]
    public int KeepLast { get; set; }

    /// <summary>Only images that take so many bytes on the disk.</summary>
    [Parameter(HelpMessage = "Only images that take so many bytes on the disk, blobs and snapshots, whoever shares them.")]
    [BytesTransformation]
    [ValidateRange(0, long.MaxValue)]
    public long MinimumSize { get; set; }

    /// <summary>Names of images that stay; wildcards match the full and the familiar form.</summary>
    [Parameter(HelpMessage = "Names of images that stay. Wildcards are allowed.")]
    [ImageIdentityTransformation]
    [ArgumentCompleter(typeof(Completion.ImageCompleter))]
    [SupportsWildcards]
    [ValidateNotNull]
    public CtrImageIdentity[] Keep { get; set; } = [];

    /// <summary>Only images without a tag.</summary>
    [Parameter(HelpMessage = "Only images without a tag.")]
    public SwitchParameter Dangling { get; set; }

    /// <summary>Also containers that have ended, and the images that only they use.</summary>
    [Parameter(HelpMessage = "Also containers without a task that runs, and the images that only they use.")]
    public SwitchParameter IncludeContainer { get; set; }

    /// <summary>Do not ask; with -IncludeContainer also containers that another program manages.</summary>
    [Parameter(HelpMessage = "Do not ask. With -IncludeContainer: also containers that Kubernetes, docker, nerdctl or a restart policy manages.")]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    private protected override void OnRecord()
    {
        if (ExpectsInput)
        {
            // Their namespaces would bind, and all of these be cleared.
            OrEnd(() => throw new CtrException(
                CtrErrorIds.InvalidArgument, CtrStatus.InvalidArgument,
                "Clear-CtrImage chooses images by itself, and takes none from the pipeline. Nothing was removed.")
            {
                RecommendedAction = "Pipe images to Remove-CtrImage, or give Clear-CtrImage rules.",
            });
        }

        CtrSession session = TargetSession;
        Guard(session.Address, () => Clear(session, Connect(session)));
    }

    private void Clear(CtrSession session, ICtrConnection connection)
    {
        CtrClearRequest request = Request(NamespacesThatAreThere(connection, session));
        IClearance clearance = Await(token => connection.Clearer.OpenAsync(request, token));
        CtrClearPlan plan = Agree(session, clearance);
        if (plan.Items.Count == 0)
        {
            WriteVerbose($"There is nothing to clear away at '{session.Address}'.");
            if (plan.Held.Count == 0 && Namespace is null)
            {
                WarnOfOthers(connection, session, request.Namespaces, "images", name => Pull(token => connection.Images.ListAsync(
                    new CtrImageQuery { Namespace = name, Detail = CtrImageDetail.None }, token)).Any());
            }
        }
        else if (IsWhatIf)
        {
            _ = ShouldProcess($"{At(session, Count(plan.Items))}: {CtrFormat.Size(plan.Items.Sum(item => item.Freed))} become free", Verb);
            foreach (CtrClearedResource item in plan.Items)
            {
                item.IsPrediction = true;
                Write(session, item);
            }
        }
        else
        {
            IReadOnlyList<CtrClearOutcome> outcomes = Await(token => connection.Clearer.ClearAsync(request, plan, token));
            foreach (CtrClearOutcome outcome in outcomes)
            {
                Guard(outcome.Item.Name, () => Write(session, outcome.Error is null ? outcome.Item : throw outcome.Error));
            }

            CtrClearedResource[] gone = [.. outcomes.Where(one => one.Error is null).Select(one => one.Item)];
            WriteVerbose($"Removed {Count(gone)} at '{session.Address}': {CtrFormat.Size(gone.Sum(item => item.Freed))} are free.");
        }

        if (plan.Goal is { } goal && plan.Freed < goal)
        {
            string free = $"All that may go frees {CtrFormat.Size(plan.Freed)} of the {CtrFormat.Size(goal)} that are wanted";
            WriteWarning($"{At(session, free)}. Get-CtrDiskUsage -Detailed tells who has the rest.");
        }
    }

    private CtrClearRequest Request(IReadOnlyList<string> namespaces)
    {
        Func<string, bool>[] keep = [.. Keep.Select(ImageFinder.Matcher)];
        return new CtrClearRequest
        {
            Namespaces = namespaces,
            Keep = name => keep.Any(matches => matches(name)),
            KeepLast = KeepLast,
            Before = OlderThan,
            MinimumSize = MinimumSize,
            OnlyDangling = Dangling,
            WithContainers = IncludeContainer,
            WithManaged = Force,
            Reclaim = IsGiven(nameof(Reclaim)) ? Reclaim : null,
            UntilFree = IsGiven(nameof(UntilFree)) ? UntilFree : null,
        };
    }

    /// <summary>Asks about each of a plan. Where one is refused, others may go in its place, or not without it: another plan is made.</summary>
    private CtrClearPlan Agree(CtrSession session, IClearance clearance)
    {
        var refused = new HashSet<CtrClearKey>();
        var agreed = new HashSet<CtrClearKey>();
        while (true)
        {
            CtrClearPlan plan = clearance.Plan(refused);
            if (refused.Count == 0)
            {
                foreach ((CtrClearKey key, string why) in plan.Held)
                {
                    WriteVerbose($"{Words(key)} stays: {why}");
                }
            }

            bool isWhole = true;
            foreach (CtrClearedResource item in plan.Items)
            {
                var key = new CtrClearKey(item.Kind, item.Namespace, item.Name);
                if (agreed.Contains(key))
                {
                    continue;
                }

                if (Confirm($"{At(session, Words(key))}: {CtrFormat.Size(item.Freed)} become free", Action(item), Force) || IsWhatIf)
                {
                    _ = agreed.Add(key);
                    continue;
                }

                _ = refused.Add(key);
                isWhole = false;
                break;
            }

            if (isWhole)
            {
                return plan;
            }
        }
    }

    private IReadOnlyList<string> NamespacesThatAreThere(ICtrConnection connection, CtrSession session)
    {
        IReadOnlyList<string> wanted = Namespaces(connection, session, null, "");
        string[] all = [.. Await(connection.Namespaces.ListAsync).Select(one => one.Name)];
        foreach (string absent in Namespace is null ? [] : wanted.Except(all))
        {
            Guard(absent, () => throw new CtrException(
                CtrErrorIds.NamespaceNotFound, CtrStatus.NotFound, $"There is no namespace '{absent}' at '{session.Address}'.")
            {
                Target = absent,
                RecommendedAction = "List the namespaces with Get-CtrNamespace.",
            });
        }

        return [.. wanted.Intersect(all)];
    }

    private void Write(CtrSession session, CtrClearedResource item)
    {
        item.Session = session;
        WriteObject(item);
    }

    private static string Action(CtrClearedResource item) =>
        Verb
            + (item.Aliases.Count == 0 ? ""
                : $" with its {(item.Aliases.Count == 1 ? "alias" : "aliases")} {string.Join(", ", item.Aliases.Select(alias => $"'{alias}'"))}");

    private static string Words(CtrClearKey key) =>
        $"{(key.Kind == CtrResourceKind.Image ? "image" : "container")} '{key.Name}' in namespace '{key.Namespace}'";

    private static string Count(IReadOnlyCollection<CtrClearedResource> items)
    {
        string[] parts =
        [
            .. items.GroupBy(item => item.Kind).OrderByDescending(some => some.Key)
                .Select(some => (some.Count(), some.Key == CtrResourceKind.Image ? "image" : "container"))
                .Select(one => one.Item1 == 1 ? $"1 {one.Item2}" : $"{one.Item1} {one.Item2}s"),
        ];
        return parts.Length == 0 ? "nothing" : string.Join(" and ", parts);
    }
}
