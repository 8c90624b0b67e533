using System.Management.Automation;

namespace CtrPS.Commands;

/// <summary>Remove-CtrContent: removes blobs that nobody needs.</summary>
[Cmdlet(VerbsCommon.Remove, "CtrContent", SupportsShouldProcess = true)]
public sealed class RemoveCtrContentCommand : CtrContentCmdlet
{
    /// <summary>Users shown at most in an error.</summary>
    private const int MaxShown = 3;

    /// <summary>Remove blobs, too, that something needs.</summary>
    [Parameter(HelpMessage = "Remove blobs, too, that an image, another blob, a snapshot, a container or a lease needs.")]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    private protected override void OnRecord() => ForEachContent((one, session, connection) =>
    {
        IReadOnlyList<CtrDependent> users = Force ? [] : Await(token => connection.Users.FindOfContentAsync(one, token));
        if (users.Count > 0)
        {
            string more = users.Count > MaxShown ? $" and {users.Count - MaxShown} more" : "";
            throw new CtrException(
                CtrErrorIds.ContentInUse,
                CtrStatus.FailedPrecondition,
                $"The {Words(one)} is needed by {string.Join(", ", users.Take(MaxShown).Select(user => user.Words))}{more}. It was not removed.")
            {
                Target = one.Digest,
                RecommendedAction = $"{users[0].WayOut} -Force removes the blob all the same, and what needs it is broken then.",
            };
        }

        if (ShouldProcess(session, Words(one), "Remove") && !Await(token => connection.Content.DeleteAsync(one, token)))
        {
            WriteVerbose($"The {Words(one)} was removed by another client meanwhile.");
        }
    });
}
