using System.Management.Automation;
using CtrPS.Completion;

namespace CtrPS.Commands;

/// <summary>Get-CtrRemoteImage: what a registry tells of images, without pulling them.</summary>
[Cmdlet(VerbsCommon.Get, "CtrRemoteImage")]
[OutputType(typeof(CtrRemoteImage), typeof(byte[]))]
public sealed class GetCtrRemoteImageCommand : CtrRegistryOptionsCmdlet
{
    private readonly List<string> _wanted = [];

    /// <summary>The images: names with a tag or a digest.</summary>
    [Parameter(
        Position = 0, Mandatory = true, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true,
        HelpMessage = "The images: names with a tag or a digest.")]
    [Alias("Name", "Reference")]
    [ArgumentCompleter(typeof(ImageCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Image { get; set; } = [];

    /// <summary>Look at these platforms alone.</summary>
    [Parameter(HelpMessage = "Look at these platforms alone. Default: at all.")]
    [ArgumentCompleter(typeof(PlatformCompleter))]
    [ValidateNotNullOrEmpty]
    public CtrPlatform[] Platform { get; set; } = [];

    /// <summary>Return the bytes of the manifest or index.</summary>
    [Parameter(HelpMessage = "Return the bytes of the manifest or index.")]
    public SwitchParameter Raw { get; set; }

    /// <summary>Images asked for at the same time.</summary>
    [Parameter(HelpMessage = "Images asked for at the same time.")]
    [ValidateRange(1, 64)]
    public int ThrottleLimit { get; set; } = 4;

    /// <inheritdoc/>
    protected override void ProcessRecord() => _wanted.AddRange(Image);

    /// <summary>All at the end: several come side by side.</summary>
    protected override void EndProcessing() => OrEnd(() =>
    {
        ICtrRegistries registries = Registries;
        registries.Expect(_wanted.Select(ReferenceOrNull).OfType<CtrImageReference>().Select(reference => reference.Registry));
        ForEachAtOnce(
            _wanted.Distinct(StringComparer.Ordinal),
            ThrottleLimit,
            (image, token) => DescribeAsync(image, registries, token),
            image => image,
            (_, told) =>
            {
                if (Raw)
                {
                    WriteObject(told.Bytes.ToArray(), enumerateCollection: false);
                }
                else
                {
                    WriteObject(told);
                }
            });
    });

    /// <summary>What is no reference is told in its turn.</summary>
    private static CtrImageReference? ReferenceOrNull(string image) => CtrImageReference.TryParse(image, out CtrImageReference? one) ? one : null;

    private async Task<CtrRemoteImage> DescribeAsync(string image, ICtrRegistries registries, CancellationToken cancellationToken) =>
        await Remote.DescribeAsync(CtrImageReference.Parse(image), Platform, registries, cancellationToken).ConfigureAwait(false);
}
