namespace CtrPS.Client.Registry;

/// <summary>What to identify by. Not a record: its text must not be printed.</summary>
internal sealed class RegistryCredential
{
    /// <summary>The user. Empty where <see cref="Secret"/> is a refresh token.</summary>
    public string User { get; init; } = "";

    /// <summary>The password, or, without a user, the identity (refresh) token.</summary>
    public string Secret { get; init; } = "";

    /// <summary>A token to be sent as it is. Null: none.</summary>
    public string? BearerToken { get; init; }

    /// <summary>Where it is from, in words: <c>docker's config.json</c>, <c>the helper 'pass'</c>, <c>-Credential</c>.</summary>
    public string Source { get; init; } = "";

    /// <summary>The user and the source, and no secret.</summary>
    public override string ToString() => $"'{User}' from {Source}";
}

/// <summary>Knows credentials for hosts.</summary>
internal interface ICredentialSource
{
    /// <summary>What to identify by at a host. Null: nothing is known.</summary>
    /// <param name="host">The host that is asked, with its port if any: <c>registry-1.docker.io</c>, <c>registry.example.com:5000</c>.</param>
    /// <param name="repository">The repository, since a key may carry a path. Null: none.</param>
    /// <param name="cancellationToken">Ends the asking.</param>
    /// <exception cref="CtrException">A file or a helper is there and cannot be used.</exception>
    ValueTask<RegistryCredential?> FindAsync(string host, string? repository, CancellationToken cancellationToken);
}
