using System.Globalization;
using CtrPS.Client.Oci;

namespace CtrPS.Client.Archives;

/// <summary>The names under which an archive's images are recorded. No image stays without one: without a record it would be garbage.</summary>
/// <param name="request">What the user wants.</param>
internal sealed class ImportNames(CtrImportRequest request)
{
    private readonly string _base = request.BaseName ?? "import-" + DateTime.UtcNow.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    /// <summary>What the user should know.</summary>
    public List<string> Warnings { get; } = [];

    /// <summary>Names that cannot be kept.</summary>
    public List<CtrException> Faults { get; } = [];

    /// <summary>
    /// The images by their digests, in the order of the archive, each with the names that it gets: none where all of them are others'.
    /// </summary>
    public IReadOnlyList<(IReadOnlyList<ArchiveImage> Entries, IReadOnlyList<string> Names)> Of(IReadOnlyList<ArchiveImage> images)
    {
        var named = new List<(IReadOnlyList<ArchiveImage> Entries, List<string> Names)>();
        foreach (IGrouping<string, ArchiveImage> same in images.GroupBy(image => image.Target.Digest, StringComparer.Ordinal))
        {
            ArchiveImage[] entries = [.. same];
            named.Add((entries, [.. entries.SelectMany(NamesOf).Distinct(StringComparer.Ordinal)]));
        }

        // A name that comes twice is the later one's, as in docker and ctr.
        var owners = new Dictionary<string, string>(StringComparer.Ordinal);
        for (int i = named.Count - 1; i >= 0; i--)
        {
            (IReadOnlyList<ArchiveImage> entries, List<string> names) = named[i];
            string digest = entries[0].Target.Digest;
            foreach (string taken in names.Where(name => !owners.TryAdd(name, digest)).ToArray())
            {
                _ = names.Remove(taken);
                Warnings.Add(
                    $"The archive '{request.Path}' gives the name '{ForeignText.Show(taken)}' to several images: it is that of {owners[taken]}, "
                        + $"the last of them. The image {digest} {(names.Count > 0 ? "does not get it" : "has no other, and is not imported")}.");
            }
        }

        return [.. named.Select(one => (one.Entries, (IReadOnlyList<string>)one.Names))];
    }

    private IReadOnlyList<string> NamesOf(ArchiveImage image)
    {
        string digest = image.Target.Digest;
        string digestName = $"{_base}@{digest}";
        string? name = Own(image);
        if (name is null)
        {
            Warnings.Add($"The archive '{request.Path}' has no name for the image {digest}: it is imported as '{digestName}'. "
                + "Use -Name or -BaseName to name it.");
            return [digestName];
        }

        if (request.Name is null && FaultOf(name) is { } why)
        {
            Faults.Add(new CtrException(
                CtrErrorIds.InvalidReference,
                CtrStatus.InvalidArgument,
                $"The image {digest} in archive '{request.Path}' cannot be imported as '{ForeignText.Show(name)}': {why}")
            {
                Target = name,
                RecommendedAction = "Give the image another name with -Name.",
            });
        }

        return request.DigestReference ? [name, $"{Repository(name) ?? _base}@{digest}"] : [name];
    }

    private string? Own(ArchiveImage image)
    {
        if (request.Name is not null)
        {
            return CtrImageReference.Parse(request.Name).ToString();
        }

        if (!string.IsNullOrEmpty(image.ImageName))
        {
            return Complete(image.ImageName);
        }

        // A tag alone, or a whole name: containerd looks for these three marks too (images/archive/reference.go). Docker's are always whole.
        return string.IsNullOrEmpty(image.ReferenceName) ? null
            : image.Docker is not null || image.ReferenceName.AsSpan().ContainsAny('/', ':', '@') ? Complete(image.ReferenceName)
            : $"{_base}:{image.ReferenceName}";
    }

    /// <summary>Why nobody could use the name: blanks and what steers a terminal, or else no reference by docker's rules. Null: one could.</summary>
    private static string? FaultOf(string name) =>
        ForeignText.Steers(name) || name.Any(char.IsWhiteSpace) ? "it has blanks or control characters."
        : !Digests.IsValid(name) && !CtrImageReference.TryParse(name, out _) ? "it is no reference of an image."
        : null;

    /// <summary>By docker's rules; a name that is no reference, and the sha256: records of Kubernetes, stay as they are.</summary>
    private static string Complete(string name) =>
        !Digests.IsValid(name) && CtrImageReference.TryParse(name, out CtrImageReference? reference) ? reference.ToString() : name;

    private static string? Repository(string name) =>
        CtrImageReference.TryParse(name, out CtrImageReference? reference) ? $"{reference.Registry}/{reference.Repository}" : null;
}
