using System.Management.Automation;
using CtrPS.Binding;
using CtrPS.Client;
using CtrPS.Completion;

namespace CtrPS.Commands;

/// <summary>
/// Test-CtrImage: whether images are here whole, and with -Deep whether all their bytes are right; with -Latest whether their registry has others.
/// </summary>
[Cmdlet(VerbsDiagnostic.Test, "CtrImage", DefaultParameterSetName = ContentSet)]
[OutputType(typeof(CtrImageCheck), typeof(bool), ParameterSetName = [ContentSet])]
[OutputType(typeof(CtrImageUpdate), typeof(bool), ParameterSetName = [LatestSet])]
public sealed class TestCtrImageCommand : CtrImageCmdlet, IRegistryParameters
{
    private const string ContentSet = "Content";
    private const string LatestSet = "Latest";

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
    [Parameter(ParameterSetName = ContentSet, HelpMessage = "Platforms, such as linux/arm64: one result for each.")]
    [ArgumentCompleter(typeof(PlatformCompleter))]
    [ValidateNotNullOrEmpty]
    public CtrPlatform[] Platform { get; set; } = [];

    /// <summary>The snapshotter to look into.</summary>
    [Parameter(ParameterSetName = ContentSet, HelpMessage = "The snapshotter to look into.")]
    [ArgumentCompleter(typeof(SnapshotterCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Snapshotter { get; set; }

    /// <summary>Read and hash all bytes that are here.</summary>
    [Parameter(ParameterSetName = ContentSet, HelpMessage = "Read and hash all bytes that are here.")]
    public SwitchParameter Deep { get; set; }

    /// <summary>Compare with what the names stand for at their registries.</summary>
    [Parameter(Mandatory = true, ParameterSetName = LatestSet, HelpMessage = "Compare with what the names stand for at their registries.")]
    public SwitchParameter Latest { get; set; }

    /// <summary>User and password for the registry.</summary>
    [Parameter(ParameterSetName = LatestSet, HelpMessage = RegistryWords.Credential)]
    [Credential]
    public PSCredential? Credential { get; set; }

    /// <summary>Speak http, not https.</summary>
    [Parameter(ParameterSetName = LatestSet, HelpMessage = RegistryWords.PlainHttp)]
    public SwitchParameter PlainHttp { get; set; }

    /// <summary>Take any certificate.</summary>
    [Parameter(ParameterSetName = LatestSet, HelpMessage = RegistryWords.SkipCertificateCheck)]
    public SwitchParameter SkipCertificateCheck { get; set; }

    /// <summary>A file with authorities.</summary>
    [Parameter(ParameterSetName = LatestSet, HelpMessage = RegistryWords.CaCertificate)]
    [ValidateNotNullOrEmpty]
    public string? CaCertificate { get; set; }

    /// <summary>Folders with a folder for each registry.</summary>
    [Parameter(ParameterSetName = LatestSet, HelpMessage = RegistryWords.HostsDirectory)]
    [ValidateNotNullOrEmpty]
    public string[]? HostsDirectory { get; set; }

    /// <summary>Many are asked for: one that does not answer is not waited for long.</summary>
    int IRegistryParameters.MaximumRetryCount => 1;

    /// <summary>Return one true or false: whether there is an image, and all are complete, or with -Latest up to date.</summary>
    [Parameter(HelpMessage = "Return one true or false: whether there is an image, and all are complete, or with -Latest up to date.")]
    public SwitchParameter Quiet { get; set; }

    /// <summary>Blobs read, or images asked for, at the same time.</summary>
    [Parameter(HelpMessage = "Blobs read at the same time; with -Latest images asked for.")]
    [ValidateRange(1, 64)]
    public int ThrottleLimit { get; set; } = 4;

    /// <inheritdoc/>
    private protected override void OnRecord() => ForEachImage(_found.Add, absent: Quiet ? Fail : null);

    /// <inheritdoc/>
    private protected override void OnEnd()
    {
        if (Latest)
        {
            OrEnd(Compare);
        }
        else
        {
            Check();
        }

        if (Quiet)
        {
            WriteObject(_found.Count > 0 && !_failed);
        }
    }

    /// <inheritdoc/>
    private protected override string? OneSessionOnly => Quiet ? "-Quiet gives one answer"
        : Credential is not null ? RegistryWords.OneSession
        : null;

    /// <inheritdoc/>
    private protected override void OnFailure(CtrException error) => _failed = true;

    private void Check()
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
                    Report(check, check.IsComplete);
                }
            });
        }
    }

    /// <summary>Asks the registries, each image's at the same time as others'.</summary>
    private void Compare()
    {
        using ICtrRegistries registries = Connector.OpenRegistries(IRegistryParameters.Read(this));
        registries.Expect(_found.Select(found => CtrImageReference.TryParse(found.Image.Name, out CtrImageReference? one) ? one.Registry : null)
            .OfType<string>());
        ForEachAtOnce(
            _found,
            ThrottleLimit,
            (found, token) => Connector.RemoteImages.CompareAsync(found.Image, registries, token),
            found => found.Image,
            (_, update) => Report(update, update.Status == CtrUpdateStatus.UpToDate));
    }

    private void Report(CtrObject result, bool isGood)
    {
        _failed |= !isGood;
        if (!Quiet)
        {
            WriteObject(result);
        }
        else if (!isGood)
        {
            WriteVerbose(result.ToString()!);
        }
    }

    private void Fail(CtrException error)
    {
        _failed = true;
        WriteVerbose(error.Message);
    }
}
