using System.Management.Automation;
using CtrPS.Completion;

namespace CtrPS.Commands;

/// <summary>Measure-CtrImage: how much room images take, alone and together with others.</summary>
[Cmdlet(VerbsDiagnostic.Measure, "CtrImage")]
[OutputType(typeof(CtrImageUsage))]
public sealed class MeasureCtrImageCommand : CtrImageViewCmdlet
{
    private readonly List<CtrImage> _found = [];

    /// <summary>The snapshotter to look into.</summary>
    [Parameter(HelpMessage = "The snapshotter to look into.")]
    [ArgumentCompleter(typeof(SnapshotterCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Snapshotter { get; set; }

    /// <inheritdoc/>
    private protected override void OnRecord() => ForEachImage((image, _) => _found.Add(image));

    /// <summary>All images of a namespace in one go: what they share is looked at once.</summary>
    private protected override void OnEnd()
    {
        foreach (IGrouping<(CtrSession Session, string Namespace), CtrImage> some in
            _found.GroupBy(image => (image.Session!, image.Namespace)))
        {
            Guard(some.Key.Namespace, () =>
            {
                ICtrConnection connection = Connect(some.Key.Session);
                foreach (CtrImageUsage usage in Await(token => connection.Inspector.MeasureAsync([.. some], Snapshotter, token)))
                {
                    usage.Session = some.Key.Session;
                    WriteObject(usage);
                }
            });
        }
    }
}
