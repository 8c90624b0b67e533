using System.Management.Automation;
using CtrPS.Binding;
using CtrPS.Completion;

namespace CtrPS.Commands;

/// <summary>Test-CtrImage: whether images are here whole, and with -Deep whether all their bytes are right.</summary>
[Cmdlet(VerbsDiagnostic.Test, "CtrImage")]
[OutputType(typeof(CtrImageCheck), typeof(bool))]
public sealed class TestCtrImageCommand : CtrImageCmdlet
{
    private readonly List<FoundImage> _found = [];
    private bool _failed;

    /// <summary>The images: names, wildcards, or image objects. Default: all of the namespace.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true, HelpMessage = "The images. Wildcards are allowed.")]
    [Alias("Name", "Reference")]
    [ImageIdentityTransformation(AllOfNamespace = true)]
    [ArgumentCompleter(typeof(ImageCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public override CtrImageIdentity[] Image { get; set; } = [new CtrImageIdentity("*")];

    /// <summary>The platforms to look at, one result for each. Default: the one that the daemon runs.</summary>
    [Parameter(HelpMessage = "Platforms, such as linux/arm64: one result for each.")]
    [ArgumentCompleter(typeof(PlatformCompleter))]
    [ValidateNotNullOrEmpty]
    public CtrPlatform[] Platform { get; set; } = [];

    /// <summary>The snapshotter to look into.</summary>
    [Parameter(HelpMessage = "The snapshotter to look into.")]
    [ArgumentCompleter(typeof(SnapshotterCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Snapshotter { get; set; }

    /// <summary>Read and hash all bytes that are here.</summary>
    [Parameter(HelpMessage = "Read and hash all bytes that are here.")]
    public SwitchParameter Deep { get; set; }

    /// <summary>Return one true or false: whether there is an image, and all are complete.</summary>
    [Parameter(HelpMessage = "Return one true or false: whether there is an image, and all are complete.")]
    public SwitchParameter Quiet { get; set; }

    /// <summary>Blobs read at the same time.</summary>
    [Parameter(HelpMessage = "Blobs read at the same time.")]
    [ValidateRange(1, 64)]
    public int ThrottleLimit { get; set; } = 4;

    /// <inheritdoc/>
    private protected override void OnRecord() => ForEachImage(_found.Add, absent: Quiet ? Fail : null);

    /// <inheritdoc/>
    private protected override void OnEnd()
    {
        var options = new CtrTestOptions { Platforms = Platform, Snapshotter = Snapshotter, Deep = Deep, Concurrency = ThrottleLimit };

        // All images of a daemon in one go: its content is listed once, and what they share is read once.
        foreach (IGrouping<CtrSession, FoundImage> some in _found.GroupBy(found => found.Session))
        {
            Guard(null, () =>
            {
                ICtrConnection connection = Connect(some.Key);
                CtrImage[] images = some.Select(found => found.Image).ToArray();
                foreach (CtrImageCheck check in PullTransfer(
                    $"Checking images at {some.Key.Address}", (meter, token) => connection.Care.TestAsync(images, options, meter, token)))
                {
                    check.Session = some.Key;
                    Report(check);
                }
            });
        }

        if (Quiet)
        {
            WriteObject(_found.Count > 0 && !_failed);
        }
    }

    /// <inheritdoc/>
    private protected override string? OneSessionOnly => Quiet ? "-Quiet gives one answer" : null;

    /// <inheritdoc/>
    private protected override void OnFailure(CtrException error) => _failed = true;

    private void Report(CtrImageCheck check)
    {
        _failed |= !check.IsComplete;
        if (!Quiet)
        {
            WriteObject(check);
        }
        else if (!check.IsComplete)
        {
            WriteVerbose(check.ToString());
        }
    }

    private void Fail(CtrException error)
    {
        _failed = true;
        WriteVerbose(error.Message);
    }
}
