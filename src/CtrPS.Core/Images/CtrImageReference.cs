using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;

namespace CtrPS;

/// <summary>
/// A reference to an image in parts, read by docker's rules (distribution/reference, normalize.go and regexp.go): <c>nginx</c> is
/// <c>docker.io/library/nginx:latest</c>, the first part is a registry when it holds a dot, a colon or an upper-case letter or is
/// <c>localhost</c>.
/// </summary>
public sealed partial class CtrImageReference : IEquatable<CtrImageReference>
{
    private const string DockerHub = "docker.io";
    private const string OfficialPrefix = "library/";
    private const int MaxNameLength = 255;

    private CtrImageReference(CtrImageReference other)
        : this(other.Registry, other.Repository, other.Tag, other.Digest)
    {
    }

    private CtrImageReference(string registry, string repository, string? tag, string? digest)
    {
        Registry = registry;
        Repository = repository;
        Tag = tag;
        Digest = digest;
    }

    /// <summary>Reads a reference. PowerShell converts strings with it.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.InvalidReference"/>.</exception>
    public CtrImageReference(string reference)
        : this(Parse(reference))
    {
    }

    /// <summary>The registry, with its port if any: <c>docker.io</c>, <c>localhost:5000</c>, <c>[::1]:5000</c>.</summary>
    public string Registry { get; }

    /// <summary>The repository: <c>library/nginx</c>.</summary>
    public string Repository { get; }

    /// <summary>The tag. Null where there is none; <c>latest</c> is filled in where there is no digest either.</summary>
    public string? Tag { get; }

    /// <summary>The digest, <c>algorithm:hex</c>. Null where there is none.</summary>
    public string? Digest { get; }

    /// <summary>As docker shows it: without <c>docker.io/</c> and <c>library/</c>.</summary>
    public string FamiliarName => FamiliarRepository + Suffix;

    /// <summary><see cref="FamiliarName"/> without tag and digest.</summary>
    internal string FamiliarRepository => Registry != DockerHub ? $"{Registry}/{Repository}"
        : Repository.StartsWith(OfficialPrefix, StringComparison.Ordinal) && !Repository.AsSpan(OfficialPrefix.Length).Contains('/')
        ? Repository[OfficialPrefix.Length..]
        : Repository;

    private string Suffix => (Tag is null ? "" : ":" + Tag) + (Digest is null ? "" : "@" + Digest);

    /// <summary>Reads a reference.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.InvalidReference"/>, with what is wrong.</exception>
    public static CtrImageReference Parse(string reference)
    {
        ArgumentNullException.ThrowIfNull(reference);
        string? fault = Read(reference, out CtrImageReference? result);
        return result
            ?? throw new CtrException(CtrErrorIds.InvalidReference, CtrStatus.InvalidArgument, $"'{reference}' is not an image reference: {fault}")
            {
                Target = reference,
                RecommendedAction = "Write [registry[:port]/]repository[:tag][@digest], as in nginx:1.27 or registry.example.com:5000/team/app:2.",
            };
    }

    /// <summary>Reads a reference; false where it is none.</summary>
    public static bool TryParse([NotNullWhen(true)] string? reference, [NotNullWhen(true)] out CtrImageReference? result)
    {
        result = null;
        return reference is not null && Read(reference, out result) is null;
    }

    /// <summary>The same repository and tag at another registry. <paramref name="registry"/> may carry a path: <c>new:5000/mirror</c>.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.InvalidReference"/>: the outcome is no reference.</exception>
    public CtrImageReference WithRegistry(string registry)
    {
        ArgumentNullException.ThrowIfNull(registry);
        return Parse($"{registry.TrimEnd('/')}/{Repository}{Suffix}");
    }

    /// <summary>Whether both are written the same.</summary>
    public bool Equals(CtrImageReference? other) => other is not null && ToString() == other.ToString();

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as CtrImageReference);

    /// <inheritdoc/>
    public override int GetHashCode() => ToString().GetHashCode(StringComparison.Ordinal);

    /// <summary>As <see cref="Equals(CtrImageReference)"/>.</summary>
    public static bool operator ==(CtrImageReference? left, CtrImageReference? right) => left is null ? right is null : left.Equals(right);

    /// <summary>As <see cref="Equals(CtrImageReference)"/>.</summary>
    public static bool operator !=(CtrImageReference? left, CtrImageReference? right) => !(left == right);

    /// <summary>The full form: <c>docker.io/library/nginx:latest</c>.</summary>
    public override string ToString() => $"{Registry}/{Repository}{Suffix}";

    /// <returns>Null when it is a reference, else what is wrong with it.</returns>
    private static string? Read(string text, out CtrImageReference? result)
    {
        result = null;
        if (text.Length == 0)
        {
            return "it is empty.";
        }

        if (text.Any(char.IsWhiteSpace))
        {
            return "it holds white space.";
        }

        if (text.Length == 64 && text.All(char.IsAsciiHexDigitLower))
        {
            return "64 hex digits are an id, not a name. A digest is written sha256:<64 hex digits>.";
        }

        string rest = text;
        string? digest = null;
        int at = rest.IndexOf('@', StringComparison.Ordinal);
        if (at >= 0)
        {
            digest = rest[(at + 1)..];
            rest = rest[..at];
            if (DigestFault(digest) is { } fault)
            {
                return fault;
            }
        }

        string? tag = null;
        int colon = rest.LastIndexOf(':');
        if (colon > rest.LastIndexOf('/'))
        {
            tag = rest[(colon + 1)..];
            rest = rest[..colon];
            if (!TagPattern().IsMatch(tag))
            {
                return $"'{tag}' is not a tag. A tag has up to 128 letters, digits, '_', '.' and '-', and does not begin with '.' or '-'.";
            }
        }

        (string registry, string repository) = SplitRegistry(rest);
        if (!RegistryPattern().IsMatch(registry))
        {
            return $"'{registry}' is not a registry's host name.";
        }

        if (!RepositoryPattern().IsMatch(repository))
        {
            return repository.Any(char.IsAsciiLetterUpper) ? $"the repository '{repository}' must be lower case."
                : repository.Length == 0 ? "it names no repository."
                : $"'{repository}' is not a repository. "
                    + "It has lower-case letters and digits, with '.', '_', '__' or '-' between them, in parts separated by '/'.";
        }

        if (registry.Length + 1 + repository.Length > MaxNameLength)
        {
            return $"registry and repository have more than {MaxNameLength} characters.";
        }

        result = new CtrImageReference(registry, repository, tag ?? (digest is null ? "latest" : null), digest);
        return null;
    }

    private static (string Registry, string Repository) SplitRegistry(string name)
    {
        int slash = name.IndexOf('/', StringComparison.Ordinal);
        string first = slash < 0 ? "" : name[..slash];
        bool isRegistry = first is "localhost" || first.AsSpan().ContainsAny('.', ':') || first.Any(char.IsAsciiLetterUpper);
        (string registry, string repository) = isRegistry ? (first, name[(slash + 1)..]) : (DockerHub, name);
        registry = registry == "index.docker.io" ? DockerHub : registry;
        return registry == DockerHub && !repository.Contains('/', StringComparison.Ordinal) && repository.Length > 0
            ? (registry, OfficialPrefix + repository)
            : (registry, repository);
    }

    private static string? DigestFault(string digest)
    {
        if (!DigestPattern().IsMatch(digest))
        {
            return $"'{digest}' is not a digest. A digest is written sha256:<64 hex digits>.";
        }

        string[] parts = digest.Split(':', 2);
        int? expected = parts[0] switch
        {
            "sha256" => 64,
            "sha384" => 96,
            "sha512" => 128,
            _ => null,
        };
        return expected is null ? $"the digest algorithm '{parts[0]}' is not known."
            : parts[1].Length != expected || !parts[1].All(char.IsAsciiHexDigitLower) ? $"a {parts[0]} digest has {expected} lower-case hex digits."
            : null;
    }

    [GeneratedRegex(@"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$", RegexOptions.CultureInvariant)]
    private static partial Regex TagPattern();

    [GeneratedRegex(@"^[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}$", RegexOptions.CultureInvariant)]
    private static partial Regex DigestPattern();

    [GeneratedRegex(
        @"^(?:(?:[A-Za-z0-9]|[A-Za-z0-9][A-Za-z0-9-]*[A-Za-z0-9])(?:\.(?:[A-Za-z0-9]|[A-Za-z0-9][A-Za-z0-9-]*[A-Za-z0-9]))*"
            + @"|\[[0-9A-Fa-f:]+\])(?::[0-9]+)?$",
        RegexOptions.CultureInvariant)]
    private static partial Regex RegistryPattern();

    [GeneratedRegex(@"^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$", RegexOptions.CultureInvariant)]
    private static partial Regex RepositoryPattern();
}
