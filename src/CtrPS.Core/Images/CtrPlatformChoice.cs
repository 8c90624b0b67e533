namespace CtrPS;

/// <summary>
/// What a -Platform parameter takes that knows more than platforms: a platform, or one of the words <c>Available</c> and <c>All</c>.
/// </summary>
public sealed class CtrPlatformChoice : IEquatable<CtrPlatformChoice>
{
    /// <summary>All platforms of which everything is in the content store.</summary>
    public static readonly CtrPlatformChoice Available = new("Available", null);

    /// <summary>All platforms that the image names.</summary>
    public static readonly CtrPlatformChoice All = new("All", null);

    private readonly string _text;

    /// <summary>Reads a word or a platform. PowerShell converts strings with it.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.InvalidPlatform"/>.</exception>
    public CtrPlatformChoice(string platform)
    {
        ArgumentNullException.ThrowIfNull(platform);
        string? word = new[] { Available._text, All._text }.FirstOrDefault(word => word.Equals(platform.Trim(), StringComparison.OrdinalIgnoreCase));
        Platform = word is null ? CtrPlatform.Parse(platform) : null;
        _text = word ?? Platform!.ToString();
    }

    /// <summary>A platform.</summary>
    public CtrPlatformChoice(CtrPlatform platform)
        : this(
            (platform ?? throw new ArgumentNullException(nameof(platform))).ToString(),
            new CtrPlatform(platform.Os, platform.Architecture, platform.Variant, platform.OsVersion))
    {
    }

    private CtrPlatformChoice(string text, CtrPlatform? platform)
    {
        _text = text;
        Platform = platform;
    }

    /// <summary>The platform. Null for a word.</summary>
    public CtrPlatform? Platform { get; }

    /// <summary>Which platforms choices mean: those that they list, or what the one word says.</summary>
    internal static CtrPlatformScope ScopeOf(IReadOnlyList<CtrPlatformChoice> choices) =>
        choices.Any(choice => choice.Platform is not null) ? CtrPlatformScope.Listed
        : choices[0] == All ? CtrPlatformScope.All
        : CtrPlatformScope.Available;

    /// <summary>The platforms that choices list.</summary>
    internal static IReadOnlyList<CtrPlatform> PlatformsOf(IEnumerable<CtrPlatformChoice> choices) =>
        [.. choices.Select(choice => choice.Platform).OfType<CtrPlatform>()];

    /// <summary>Whether both are written the same.</summary>
    public bool Equals(CtrPlatformChoice? other) => other is not null && ToString() == other.ToString();

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as CtrPlatformChoice);

    /// <inheritdoc/>
    public override int GetHashCode() => ToString().GetHashCode(StringComparison.Ordinal);

    /// <summary>As <see cref="Equals(CtrPlatformChoice)"/>.</summary>
    public static bool operator ==(CtrPlatformChoice? left, CtrPlatformChoice? right) => left is null ? right is null : left.Equals(right);

    /// <summary>As <see cref="Equals(CtrPlatformChoice)"/>.</summary>
    public static bool operator !=(CtrPlatformChoice? left, CtrPlatformChoice? right) => !(left == right);

    /// <summary>The platform or the word.</summary>
    public override string ToString() => _text;
}
