using System.Management.Automation;
using CtrPS.Binding;

namespace CtrPS.Commands;

/// <summary>Finds mounted images by what a user gave: a folder, a name of an image, wildcards of either, an object.</summary>
internal static class ImageMountFinder
{
    /// <summary>Whether a pattern is meant. The name of an object is none.</summary>
    public static bool IsPattern(CtrImageMountIdentity identity) =>
        !identity.IsObject
        && (identity.IsPath ? WildcardPattern.ContainsWildcardCharacters(identity.Name) : ImageFinder.IsPattern(new CtrImageIdentity(identity.Name)));

    /// <summary>A test for mounts. A relative folder is PowerShell's.</summary>
    public static Func<CtrImageMount, bool> Matcher(PSCmdlet cmdlet, CtrImageMountIdentity identity)
    {
        if (!identity.IsPath)
        {
            Func<string, bool> matches = ImageFinder.Matcher(identity.Image ?? new CtrImageIdentity(identity.Name));
            return mount => matches(mount.Name);
        }

        string path = identity.IsObject ? identity.Name : Folder(cmdlet, identity.Name);
        if (!IsPattern(identity))
        {
            return mount => mount.Path == path;
        }

        WildcardPattern wildcard = WildcardPattern.Get(path, WildcardOptions.None);
        return mount => wildcard.IsMatch(mount.Path);
    }

    /// <summary>The error where nothing is mounted that was named.</summary>
    public static CtrException NotFound(CtrImageMountIdentity wanted, IReadOnlyList<string> namespaces, IEnumerable<string> elsewhere)
    {
        string[] others = [.. elsewhere];
        string where = $"namespace{(namespaces.Count == 1 ? "" : "s")} {string.Join(", ", namespaces.Select(name => $"'{name}'"))}";
        string what = wanted.IsPath ? $"No image of {where} is mounted at '{wanted.Name}'." : $"No image '{wanted.Name}' of {where} is mounted.";
        return new CtrException(
            CtrErrorIds.MountNotFound,
            CtrStatus.NotFound,
            others.Length == 0 ? what : $"{what} One of {string.Join(", ", others.Select(name => $"'{name}'"))} is.")
        {
            Target = wanted.Name,
            RecommendedAction = others.Length > 0 ? $"Use -Namespace {others[0]}."
                : wanted.IsPath ? "Get-CtrImageMount -Namespace * lists what is mounted."
                : "Get-CtrImageMount -Namespace * lists what is mounted. A folder begins with / or ./ here.",
        };
    }

    /// <summary>The folder as the kernel lists it: links on the way there are followed where it is there.</summary>
    private static string Folder(PSCmdlet cmdlet, string given)
    {
        string full = ProviderPath.Resolve(cmdlet, given);
        string trimmed = full.Length > 1 ? full.TrimEnd('/') : full;
        return Client.Connector.RealFolder(trimmed) ?? trimmed;
    }
}
