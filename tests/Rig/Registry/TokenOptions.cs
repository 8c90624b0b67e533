using System.Net;

namespace CtrPS.Rig.Registry;

/// <summary>What the token server of a registry is like.</summary>
public sealed record TokenOptions
{
    /// <summary>Who may do what, beside <see cref="RegistryOptions.User"/>.</summary>
    public IReadOnlyList<TokenUser> Users { get; init; } = [];

    /// <summary>Whoever names no user may pull everything.</summary>
    public bool AnonymousPull { get; init; }

    /// <summary>How long the registry takes a token.</summary>
    public TimeSpan Lifetime { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>What clients are told of it. Null: the truth; zero: nothing, which means 60 s.</summary>
    public TimeSpan? StatedLifetime { get; init; }

    /// <summary>Whether POST is known. If not it is answered with 405.</summary>
    public bool Post { get; init; } = true;

    /// <summary>Name the token <c>access_token</c>, as OAuth 2 does, in answers to GET too; otherwise <c>token</c>.</summary>
    public bool AccessToken { get; init; }

    /// <summary>Where it listens, and what the realm names: 127.0.0.2 is another host than the registry's.</summary>
    public IPAddress Host { get; init; } = IPAddress.Loopback;

    public string Service { get; init; } = "rig-registry";
}
