using System.Management.Automation;

namespace CtrPS.Commands;

/// <summary>What paths of files in an image mean.</summary>
internal static class ImageFilePaths
{
    /// <summary>Names beside a path that was not found, at most.</summary>
    private const int MaxHints = 5;

    /// <summary>That a piped file is one of the image that its name means now.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.ImageChanged"/>.</exception>
    public static void RequireSame(CtrImageFile? file, CtrImage image)
    {
        if (file?.ImageDigest is { } digest && digest != image.Digest)
        {
            throw new CtrException(
                CtrErrorIds.ImageChanged,
                CtrStatus.FailedPrecondition,
                $"'{file.Path}' is of the image '{image.Name}' when that was '{digest}'; now it is '{image.Digest}'.")
            {
                Target = image.Name,
                RecommendedAction = "Get the file anew with Get-CtrImageFile.",
            };
        }
    }

    /// <summary>The files that a path means; wildcards in any part of it, none over several.</summary>
    /// <param name="root">The file system.</param>
    /// <param name="path">The path, from the root of the image with or without a slash before it.</param>
    /// <param name="follow">Whether the last part may be a link that stands for what it points to.</param>
    /// <param name="hidden">Also what later layers took away or replaced.</param>
    /// <param name="image">The image, for errors.</param>
    /// <param name="cancellationToken">Ends the looking.</param>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.ImageFileNotFound"/> for a path without wildcards.</exception>
    public static async Task<IReadOnlyList<CtrImageFile>> FindAsync(
        ICtrImageRoot root, string path, bool follow, bool hidden, CtrImage image, CancellationToken cancellationToken)
    {
        string[] parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        int first = Array.FindIndex(parts, WildcardPattern.ContainsWildcardCharacters);
        if (first < 0)
        {
            string literal = WildcardPattern.Unescape(path);
            CtrImageFile? one = await root.FindAsync(literal, follow, cancellationToken).ConfigureAwait(false);
            return one is not null ? [one]
                : hidden && await FindHiddenAsync(root, literal, cancellationToken).ConfigureAwait(false) is { Count: > 0 } gone ? gone
                : throw await NotFoundAsync(root, literal, image, cancellationToken).ConfigureAwait(false);
        }

        IReadOnlyList<CtrImageFile> found = await root.FindAsync(
            WildcardPattern.Unescape(string.Join('/', parts[..first])), follow: true, cancellationToken).ConfigureAwait(false) is { } start
            ? [start]
            : [];
        for (int i = first; i < parts.Length; i++)
        {
            var pattern = WildcardPattern.Get(parts[i], WildcardOptions.None);
            var next = new List<CtrImageFile>();
            foreach (CtrImageFile folder in found)
            {
                // A link on the way stands for the folder that it points to.
                CtrImageFile? real = folder.Kind == CtrFileKind.SymbolicLink
                    ? await root.FindAsync(folder.Path, follow: true, cancellationToken).ConfigureAwait(false)
                    : folder;
                if (real is { Kind: CtrFileKind.Directory })
                {
                    next.AddRange((await root.ListAsync(real.Path, hidden, cancellationToken).ConfigureAwait(false))
                        .Where(file => pattern.IsMatch(file.Name)));
                }
            }

            found = next;
        }

        return found;
    }

    /// <summary>A file that was piped in, as the image has it now: of one that is hidden, the very layer's.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.ImageFileNotFound"/>.</exception>
    public static async Task<CtrImageFile> FindAgainAsync(
        ICtrImageRoot root, CtrImageFile file, CtrImage image, CancellationToken cancellationToken) =>
        (file.State == CtrFileState.Visible
            ? await root.FindAsync(file.Path, follow: false, cancellationToken).ConfigureAwait(false)
            : await root.FindInLayerAsync(file.Layer, file.Path, cancellationToken).ConfigureAwait(false))
        ?? throw await NotFoundAsync(root, file.Path, image, cancellationToken).ConfigureAwait(false);

    /// <summary>The error of a path at which there is nothing: it names what is near.</summary>
    public static async Task<CtrException> NotFoundAsync(
        ICtrImageRoot root, string path, CtrImage image, CancellationToken cancellationToken)
    {
        string[] parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        CtrImageFile? folder = null;
        int known = parts.Length;
        while (folder is null && known > 0)
        {
            known--;
            folder = await root.FindAsync(string.Join('/', parts[..known]), follow: true, cancellationToken).ConfigureAwait(false);
        }

        string hint = "";
        if (folder is { Kind: CtrFileKind.Directory } && known < parts.Length)
        {
            IReadOnlyList<CtrImageFile> there = await root.ListAsync(folder.Path, hidden: false, cancellationToken).ConfigureAwait(false);
            string[] near = [.. Output.NearNames.Of(parts[known], there, file => [file.Name]).Take(MaxHints).Select(file => $"'{file.Path}'")];
            hint = near.Length > 0 ? $" Did you mean {string.Join(", ", near)}?"
                : known < parts.Length - 1 ? $" '{folder.Path}' has no '{parts[known]}'."
                : "";
        }
        else if (folder is not null)
        {
            hint = $" '{folder.Path}' is no folder.";
        }

        return new CtrException(
            CtrErrorIds.ImageFileNotFound, CtrStatus.NotFound, $"There is no file '{path}' in image '{image.Name}'.{hint}")
        {
            Target = path,
            RecommendedAction = $"Look what is there with Get-CtrImageFile '{image.Name}' {folder?.Path ?? "/"}.",
        };
    }

    private static async Task<IReadOnlyList<CtrImageFile>> FindHiddenAsync(ICtrImageRoot root, string path, CancellationToken cancellationToken)
    {
        string clean = "/" + string.Join('/', path.Split('/', StringSplitOptions.RemoveEmptyEntries));
        string folder = clean[..Math.Max(1, clean.LastIndexOf('/'))];
        return [.. (await root.ListAsync(folder, hidden: true, cancellationToken).ConfigureAwait(false)).Where(file => file.Path == clean)];
    }
}
