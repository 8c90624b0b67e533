using System.Management.Automation;
using CtrPS.Output;

namespace CtrPS.Commands;

/// <summary>Invoke-CtrGarbageCollection: has containerd collect its garbage now, and tells what went; with -WhatIf what would go.</summary>
[Cmdlet(VerbsLifecycle.Invoke, "CtrGarbageCollection", SupportsShouldProcess = true)]
[OutputType(typeof(CtrGarbageCollection))]
public sealed class InvokeCtrGarbageCollectionCommand : CtrSessionCmdlet
{
    private const string Action = "Collect garbage";

    /// <inheritdoc/>
    private protected override void OnRecord()
    {
        CtrSession session = TargetSession;
        Guard(session.Address, () =>
        {
            ICtrConnection connection = Connect(session);
            CtrGarbageCollection would = Await(token => connection.Garbage.PredictAsync(session.Namespace, token));
            if (IsWhatIf)
            {
                foreach (IGrouping<string, CtrGarbage> some in would.Items.GroupBy(item => item.Namespace))
                {
                    _ = ShouldProcess(session, $"namespace '{some.Key}'", $"{Action}: {Words(some)}");
                }
            }

            if (ShouldProcess(session, "all namespaces", $"{Action}: {Words(would.Items)}"))
            {
                Write(session, Await(token => connection.Garbage.RunAsync(session.Namespace, token)));
            }
            else if (IsWhatIf)
            {
                Write(session, would);
            }
        });
    }

    private void Write(CtrSession session, CtrGarbageCollection collection)
    {
        collection.Session = session;
        foreach (CtrGarbage item in collection.Items)
        {
            item.Session = session;
        }

        WriteObject(collection);
    }

    /// <summary>What goes in words: <c>3 blobs, 1 snapshot, 12.0 MiB freed</c>.</summary>
    private static string Words(IEnumerable<CtrGarbage> items)
    {
        CtrGarbage[] all = [.. items];
        string[] parts =
        [
            .. all.GroupBy(item => item.Kind).OrderBy(some => some.Key).Select(some => Count(some.Count(), some.Key switch
            {
                CtrResourceKind.Content => "blob",
                CtrResourceKind.Snapshot => "snapshot",
                CtrResourceKind.Ingest => "unfinished write",
                CtrResourceKind.Lease => "lease",
                _ => "image",
            })),
        ];
        return parts.Length == 0 ? "nothing" : $"{string.Join(", ", parts)}, {CtrFormat.Size(all.Sum(item => item.Freed))} freed";
    }

    private static string Count(int count, string noun) => count == 1 ? $"1 {noun}" : $"{count} {noun}s";
}
