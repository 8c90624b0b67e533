using System.Collections;
using System.Globalization;
using System.Management.Automation;
using CtrPS.Binding;
using CtrPS.Completion;

namespace CtrPS.Commands;

/// <summary>New-CtrLease: makes leases.</summary>
[Cmdlet(VerbsCommon.New, "CtrLease", SupportsShouldProcess = true, DefaultParameterSetName = ExpiresSet)]
[OutputType(typeof(CtrLease))]
public sealed class NewCtrLeaseCommand : CtrSessionCmdlet
{
    private const string ExpiresSet = "Expires";
    private const string NoExpirySet = "NoExpiry";

    /// <summary>As long as ctr's.</summary>
    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(24);

    /// <summary>Ids. Default: the daemon makes one.</summary>
    [Parameter(
        Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true,
        HelpMessage = "Ids of the new leases. Default: the daemon makes one.")]
    [ValidateNotNullOrEmpty]
    public string[]? Id { get; set; }

    /// <summary>Until when it is good: a time, or in how long. Default: 24 hours, as ctr's.</summary>
    [Parameter(
        ParameterSetName = ExpiresSet,
        HelpMessage = "Until when it is good: a date, a TimeSpan, or 90s, 10m, 1h30m, 2d from now. Default: 24 hours.")]
    [MomentTransformation(Ahead = true)]
    public DateTimeOffset? Expires { get; set; }

    /// <summary>It is good until it is removed.</summary>
    [Parameter(Mandatory = true, ParameterSetName = NoExpirySet, HelpMessage = "It is good until it is removed.")]
    public SwitchParameter NoExpiry { get; set; }

    /// <summary>It keeps what it holds, and not what that refers to.</summary>
    [Parameter(HelpMessage = "Keep what it holds, and not what that refers to, such as the layers of a manifest.")]
    public SwitchParameter Flat { get; set; }

    /// <summary>Labels.</summary>
    [Parameter(HelpMessage = "Labels of the new leases.")]
    [Alias("Labels")]
    [ValidateNotNull]
    public Hashtable Label { get; set; } = [];

    /// <summary>The namespace. Default: the session's.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true, HelpMessage = "The namespace.")]
    [ArgumentCompleter(typeof(NamespaceCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Namespace { get; set; }

    /// <inheritdoc/>
    private protected override void OnRecord()
    {
        foreach (string? id in Id ?? [null!])
        {
            Guard(id, () => Make(id));
        }
    }

    private void Make(string? id)
    {
        CtrSession session = TargetSession;
        string name = NamespaceOf(null, Namespace, session, "");
        var labels = Labels.From(Label)
            .Where(label => label.Value is not null)
            .ToDictionary(label => label.Key, label => label.Value!, StringComparer.Ordinal);
        if (!NoExpiry)
        {
            DateTimeOffset end = Expires ?? DateTimeOffset.Now + Lifetime;
            if (end <= DateTimeOffset.Now)
            {
                throw new CtrException(
                    CtrErrorIds.InvalidArgument, CtrStatus.InvalidArgument, $"A lease until {end.ToString("g", CultureInfo.CurrentCulture)} is over.")
                {
                    Target = id,
                    RecommendedAction = "Give -Expires a time to come, such as 2h, or -NoExpiry.",
                };
            }

            labels[CtrLease.ExpireLabel] = end.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        }

        if (Flat)
        {
            labels[CtrLease.FlatLabel] = "true";
        }

        if (ShouldProcess(session, $"{(id is null ? "a lease" : $"lease '{id}'")} in namespace '{name}'", "Create"))
        {
            CtrLease made = Await(token => Connect(session).Leases.CreateAsync(name, id, labels, token));
            made.Session = session;
            WriteObject(made);
        }
    }
}
