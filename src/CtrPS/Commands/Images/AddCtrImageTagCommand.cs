using System.Collections;
using System.Management.Automation;

namespace CtrPS.Commands;

/// <summary>Add-CtrImageTag: gives images further names.</summary>
[Cmdlet(VerbsCommon.Add, "CtrImageTag", SupportsShouldProcess = true, DefaultParameterSetName = TagSet)]
[OutputType(typeof(CtrImage))]
[Alias("Tag-CtrImage")]
public sealed class AddCtrImageTagCommand : CtrImageCmdlet
{
    private const string TagSet = "Tag";
    private const string RegistrySet = "Registry";

    /// <summary>The further names, by docker's rules.</summary>
    [Parameter(Position = 1, Mandatory = true, ParameterSetName = TagSet, HelpMessage = "The further names.")]
    [Alias("Destination")]
    [ValidateNotNullOrEmpty]
    public string[] Tag { get; set; } = [];

    /// <summary>Registries and what to put in their place; the same repository and tag there become the further name.</summary>
    [Parameter(
        Mandatory = true,
        ParameterSetName = RegistrySet,
        HelpMessage = "Registries and what to put in their place, such as @{ 'docker.io' = 'mirror:5000/hub' }.")]
    [ValidateNotNullOrEmpty]
    public Hashtable? ReplaceRegistry { get; set; }

    /// <summary>Move a name that points to another image.</summary>
    [Parameter(HelpMessage = "Move a name that points to another image.")]
    public SwitchParameter Force { get; set; }

    /// <summary>Return the image under its further names.</summary>
    [Parameter(HelpMessage = "Return the image under its further names.")]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    private protected override void OnRecord() => ForEachImage(
        found =>
        {
            foreach (string target in Targets(found.Image))
            {
                Guard(target, () => AddTag(found, CtrImageReference.Parse(target).ToString()));
            }
        },
        RequireOne,
        oneName: ReplaceRegistry is null);

    /// <summary>A name can point to one image only.</summary>
    private void RequireOne(CtrImageIdentity wanted)
    {
        if (ReplaceRegistry is null && ImageFinder.IsPattern(wanted))
        {
            throw new CtrException(
                CtrErrorIds.InvalidReference,
                CtrStatus.InvalidArgument,
                $"'{wanted.Name}' may mean several images, and a name can point to one only.")
            {
                Target = wanted.Name,
                RecommendedAction = "Name one image, or use -ReplaceRegistry for several.",
            };
        }
    }

    private void AddTag(FoundImage found, string target)
    {
        if (ShouldProcess(found.Session, Words(found.Image), $"Add tag '{target}'"))
        {
            CtrImage made = Await(token => found.Connection.Images.TagAsync(found.Image, target, Force, token));
            if (PassThru)
            {
                WriteWhole(found.Session, found.Connection, made);
            }
        }
    }

    private string[] Targets(CtrImage image)
    {
        if (ReplaceRegistry is null)
        {
            return Tag;
        }

        if (!CtrImageReference.TryParse(image.Name, out CtrImageReference? reference) || Replacement(reference.Registry) is not { } registry)
        {
            WriteVerbose($"The image '{image.Name}' is of none of the registries to replace: no tag added.");
            return [];
        }

        return [reference.WithRegistry(registry).ToString()];
    }

    private string? Replacement(string registry) => ReplaceRegistry!.Cast<DictionaryEntry>()
        .Where(entry => string.Equals(entry.Key.ToString(), registry, StringComparison.OrdinalIgnoreCase))
        .Select(entry => entry.Value?.ToString())
        .FirstOrDefault(value => !string.IsNullOrEmpty(value));
}
