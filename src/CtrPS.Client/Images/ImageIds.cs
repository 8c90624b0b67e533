using System.Text.RegularExpressions;
using Containerd.Services.Images.V1;
using CtrPS.Client.Content;

namespace CtrPS.Client.Images;

/// <summary>
/// Finds an image by the first digits of its digest, as our table shows it, or of its config's, which docker and crictl show as the image's id.
/// </summary>
internal sealed partial class ImageIds(ImageDescriber describer)
{
    private const string Algorithm = "sha256:";

    /// <summary>Metadata calls under way at the same time.</summary>
    private const int Concurrency = 16;

    /// <summary>Images named at most in an error.</summary>
    private const int MaxNamed = 5;

    /// <summary>A digest or its beginning, in the form in which records have it. Null where the text is none.</summary>
    public static string? Read(string given)
    {
        Match match = DigitsPattern().Match(given);
        return match.Success ? Algorithm + match.Groups[1].Value.ToLowerInvariant() : null;
    }

    /// <summary>The digest of the one image that is meant.</summary>
    /// <param name="records">All records of the namespace.</param>
    /// <param name="id">What <see cref="Read"/> gave.</param>
    /// <param name="blobs">The namespace's blobs.</param>
    /// <param name="cancellationToken">Cancels the calls.</param>
    /// <returns>Null where none is.</returns>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.AmbiguousReference"/>: several are.</exception>
    public async Task<string?> FindAsync(IReadOnlyList<Image> records, string id, NamespaceBlobs blobs, CancellationToken cancellationToken)
    {
        ILookup<string, Image> byDigest = records.ToLookup(record => record.Target.Digest, StringComparer.Ordinal);
        if (byDigest.Contains(id))
        {
            return id;
        }

        var found = new List<string>();
        await foreach ((string digest, bool isMeant) in OrderedParallel.SelectAsync(
            byDigest,
            Concurrency,
            async (some, token) => (some.Key, await IsMeantAsync([.. some], id, blobs, token).ConfigureAwait(false)),
            cancellationToken).ConfigureAwait(false))
        {
            if (isMeant)
            {
                found.Add(digest);
            }
        }

        return found.Count <= 1 ? found.FirstOrDefault() : throw Ambiguous(id, blobs.Namespace, found.Select(digest => byDigest[digest].First()));
    }

    /// <summary>Whether the digest begins so, or that of a config: CRI names records by it, and else the manifests tell.</summary>
    private async ValueTask<bool> IsMeantAsync(Image[] records, string id, NamespaceBlobs blobs, CancellationToken cancellationToken) =>
        records.Any(record => Begins(record.Target.Digest, id) || Begins(record.Name, id))
            || (await describer.ConfigsAsync(blobs, Records.ToDescriptor(records[0].Target), cancellationToken).ConfigureAwait(false))
                .Any(config => Begins(config, id));

    private static bool Begins(string text, string id) => text.StartsWith(id, StringComparison.Ordinal);

    private static CtrException Ambiguous(string id, string @namespace, IEnumerable<Image> images)
    {
        Image[] all = [.. images];
        string names = string.Join(", ", all.Take(MaxNamed).Select(image => $"'{image.Name}' ({image.Target.Digest})"));
        string more = all.Length > MaxNamed ? $" and {all.Length - MaxNamed} more" : "";
        string digits = id[Algorithm.Length..];
        return new CtrException(
            CtrErrorIds.AmbiguousReference,
            CtrStatus.InvalidArgument,
            $"'{digits}' is the beginning of the digests or ids of {all.Length} images in namespace '{@namespace}': {names}{more}.")
        {
            Target = digits,
            RecommendedAction = "Give more digits, or a name.",
        };
    }

    [GeneratedRegex("^(?:sha256:)?([0-9a-fA-F]{6,64})\\z", RegexOptions.CultureInvariant)]
    private static partial Regex DigitsPattern();
}
