using System.Text.RegularExpressions;

namespace CtrPS;

/// <summary>The rule for names of namespaces, containers, execs and sandboxes (containerd, pkg/identifiers/validate.go).</summary>
public static partial class CtrIdentifier
{
    private const int MaxLength = 76;

    /// <summary>Whether the text is an identifier: letters and digits, with single '.', '_' or '-' between them, 76 characters at most.</summary>
    public static bool IsValid(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.Length is > 0 and <= MaxLength && Pattern().IsMatch(text);
    }

    /// <summary>Checks the name of a namespace and gives it back.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.InvalidNamespace"/>.</exception>
    public static string RequireNamespace(string name) => IsValid(name)
        ? name
        : throw new CtrException(
            CtrErrorIds.InvalidNamespace,
            CtrStatus.InvalidArgument,
            $"'{name}' is not a valid namespace. A namespace has letters and digits, with single '.', '_' or '-' between them, {MaxLength} "
                + "characters at the most.")
        {
            Target = name,
            RecommendedAction = "Give a name such as k8s.io or my-site; Get-CtrNamespace lists those that exist.",
        };

    /// <summary>Checks the id of a container and gives it back.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.InvalidContainerId"/>.</exception>
    public static string RequireContainerId(string id) => IsValid(id)
        ? id
        : throw new CtrException(
            CtrErrorIds.InvalidContainerId,
            CtrStatus.InvalidArgument,
            $"'{id}' is not a valid id of a container. An id has letters and digits, with single '.', '_' or '-' between them, {MaxLength} "
                + "characters at the most.")
        {
            Target = id,
        };

    [GeneratedRegex(@"^[A-Za-z0-9]+(?:[._-][A-Za-z0-9]+)*\z", RegexOptions.CultureInvariant)]
    private static partial Regex Pattern();
}
