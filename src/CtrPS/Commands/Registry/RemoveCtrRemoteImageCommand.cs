using System.Management.Automation;
using CtrPS.Completion;

namespace CtrPS.Commands;

/// <summary>Remove-CtrRemoteImage: removes tags or manifests from a registry.</summary>
[Cmdlet(VerbsCommon.Remove, "CtrRemoteImage", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
public sealed class RemoveCtrRemoteImageCommand : CtrRegistryOptionsCmdlet
{
    private const int MaxShown = 20;

    /// <summary>The images: names with a tag, or with a digest for the manifest with all its tags.</summary>
    [Parameter(
        Position = 0, Mandatory = true, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true,
        HelpMessage = "The images: names with a tag, or with a digest for the manifest with all its tags.")]
    [Alias("Name", "Reference")]
    [ArgumentCompleter(typeof(ImageCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Image { get; set; } = [];

    /// <summary>Do not ask, and let other tags of the manifest go along.</summary>
    [Parameter(HelpMessage = "Do not ask, and let other tags of the manifest go along where the registry removes no tags by themselves.")]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (string image in Image)
        {
            Guard(image, () =>
            {
                CtrImageReference reference = CtrImageReference.Parse(image);
                ICtrRemovalPlan plan = Await(token => Remote.PlanRemovalAsync(reference, Registries, token));
                string what = reference.Digest is null ? "Remove the tag, or where the registry cannot, its manifest" : "Remove the manifest";
                if (Confirm($"image '{reference}'", $"{what} {plan.Digest} with {Others(plan.OtherTags)}", Force))
                {
                    Await(token => plan.RunAsync(Force, token));
                }
            });
        }
    }

    private static string Others(IReadOnlyList<string>? tags) => tags switch
    {
        null => "all its tags, which are not known",
        [] => "no other tag",
        [var one] => $"the other tag '{one}'",
        _ => $"{tags.Count} other tags: {string.Join(", ", tags.Take(MaxShown))}{(tags.Count > MaxShown ? " ..." : "")}",
    };
}
