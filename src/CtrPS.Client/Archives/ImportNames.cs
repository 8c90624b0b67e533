using System.Globalization;

namespace CtrPS.Client.Archives;

/// <summary>The names under which an archive's images are recorded. No image stays without one: without a record it would be garbage.</summary>
internal static class ImportNames
{
    /// <summary>Names for one entry of an archive.</summary>
    /// <param name="image">The entry.</param>
    /// <param name="request">What the user wants.</param>
    /// <param name="warning">What the user should know. Null: nothing.</param>
    public static IReadOnlyList<string> For(ArchiveImage image, CtrImportRequest request, out string? warning)
    {
        warning = null;
        string @base = request.BaseName ?? "import-" + DateTime.UtcNow.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        string digestName = $"{@base}@{image.Target.Digest}";
        string? name = Own(image, request, @base);
        if (name is null)
        {
            warning = $"The archive '{request.Path}' has no name for the image {image.Target.Digest}: it is imported as '{digestName}'. "
                + "Use -Name or -BaseName to name it.";
            return [digestName];
        }

        return request.DigestReference ? [name, $"{Repository(name) ?? @base}@{image.Target.Digest}"] : [name];
    }

    private static string? Own(ArchiveImage image, CtrImportRequest request, string @base)
    {
        if (request.Name is not null)
        {
            return CtrImageReference.Parse(request.Name).ToString();
        }

        if (!string.IsNullOrEmpty(image.ImageName))
        {
            return Complete(image.ImageName);
        }

        // A tag alone, or a whole name: containerd looks for these three marks too (images/archive/reference.go).
        return string.IsNullOrEmpty(image.ReferenceName) ? null
            : image.ReferenceName.AsSpan().ContainsAny('/', ':', '@') ? Complete(image.ReferenceName)
            : $"{@base}:{image.ReferenceName}";
    }

    /// <summary>By docker's rules; a name that is no reference, such as the sha256: records of Kubernetes, stays as it is.</summary>
    private static string Complete(string name) =>
        CtrImageReference.TryParse(name, out CtrImageReference? reference) ? reference.ToString() : name;

    private static string? Repository(string name) =>
        CtrImageReference.TryParse(name, out CtrImageReference? reference) ? $"{reference.Registry}/{reference.Repository}" : null;
}
