namespace CtrPS.Client.Oci;

/// <summary>What of an image is wanted.</summary>
internal sealed record SelectionRules
{
    /// <summary>Which platforms of an index.</summary>
    public CtrPlatformScope Scope { get; init; }

    /// <summary>The platforms, for <see cref="CtrPlatformScope.Listed"/>.</summary>
    public IReadOnlyList<PlatformMatcher> Platforms { get; init; } = [];

    /// <summary>
    /// The image comes from outside: of several manifests for a platform the best whole one is taken, and what is damaged is passed over where
    /// something else is whole. Else it is given away: all that match go, and damage is told.
    /// </summary>
    public bool Receiving { get; init; }

    /// <summary>Leave layers out that their makers do not allow to be passed on.</summary>
    public bool SkipNonDistributable { get; init; }

    /// <summary>Layers that the receiver has already, by digest: they are left out. Null: none.</summary>
    public IReadOnlySet<string>? Excluded { get; init; }

    /// <summary>Rules for giving an image away.</summary>
    public static SelectionRules ToGive(CtrPlatformScope scope, IReadOnlyList<CtrPlatform> platforms) =>
        new() { Scope = scope, Platforms = [.. platforms.Select(PlatformMatcher.Exactly)] };

    /// <summary>Rules for receiving an image on a daemon of a platform.</summary>
    /// <param name="scope">Which platforms of an index.</param>
    /// <param name="platforms">The platforms, for <see cref="CtrPlatformScope.Listed"/>. None: what the daemon's machine can run.</param>
    /// <param name="host">The daemon's platform.</param>
    public static SelectionRules ToReceive(CtrPlatformScope scope, IReadOnlyList<CtrPlatform> platforms, CtrPlatform host) => new()
    {
        Scope = scope,
        Platforms = platforms.Count > 0 ? [.. platforms.Select(PlatformMatcher.Exactly)] : [PlatformMatcher.Only(host)],
        Receiving = true,
    };
}
