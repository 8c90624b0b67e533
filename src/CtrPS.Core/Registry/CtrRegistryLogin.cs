namespace CtrPS;

/// <summary>What a login is.</summary>
public enum CtrRegistryLoginKind : long
{
    /// <summary>User and password.</summary>
    Password,

    /// <summary>A token with which others are asked for.</summary>
    IdentityToken,

    /// <summary>A token that is sent as it is.</summary>
    BearerToken,
}

/// <summary>Who is logged in where. No secret is in it.</summary>
public sealed class CtrRegistryLogin
{
    internal CtrRegistryLogin()
    {
    }

    /// <summary>The registry: <c>docker.io</c>, <c>registry.example.com:5000</c>; with podman also a part of one: <c>quay.io/team</c>.</summary>
    public string Registry { get; internal set; } = null!;

    /// <summary>The user. Empty for a token.</summary>
    public string User { get; internal set; } = "";

    /// <summary>What the login is.</summary>
    public CtrRegistryLoginKind Kind { get; internal set; }

    /// <summary>The program that keeps the secret, such as <c>pass</c> for docker-credential-pass. Null: the file does.</summary>
    public string? Helper { get; internal set; }

    /// <summary>The file with the secret, or the one that names the helper. Null: it is in the variable DOCKER_AUTH_CONFIG.</summary>
    public string? File { get; internal set; }

    /// <summary>The registry.</summary>
    public override string ToString() => Registry;
}
