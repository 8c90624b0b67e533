using System.Net;

namespace CtrPS;

/// <summary>Who is logged in where: docker's and podman's files and docker's helpers.</summary>
internal interface IRegistryLogins
{
    /// <summary>All logins. Files are read, and helpers asked for what they have.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.InvalidCredentialFile"/>; <see cref="CtrErrorIds.CredentialHelperFailed"/>.</exception>
    Task<IReadOnlyList<CtrRegistryLogin>> ListAsync(CancellationToken cancellationToken);

    /// <summary>The registries that the files name; no helper is asked.</summary>
    IReadOnlyList<string> Names();

    /// <summary>The registry that a name or a URL means: all names of Docker Hub are <c>docker.io</c>.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.InvalidReference"/>.</exception>
    string RegistryOf(string text);

    /// <summary>Where <see cref="StoreAsync"/> would keep the login: the login without its user.</summary>
    CtrRegistryLogin PlaceOf(string registry);

    /// <summary>Keeps a login: in the helper that docker's file names, else in the file itself, which only its owner can read then.</summary>
    Task<CtrRegistryLogin> StoreAsync(string registry, NetworkCredential credential, CancellationToken cancellationToken);

    /// <summary>Removes all logins of a registry.</summary>
    /// <returns>What was removed. Empty: nobody was logged in.</returns>
    Task<IReadOnlyList<CtrRegistryLogin>> EraseAsync(string registry, CancellationToken cancellationToken);
}

/// <summary>Proves a login before it is kept.</summary>
internal interface IRegistryLoginCheck
{
    /// <summary>Identifies at the registry.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.LoginFailed"/>: it is refused, or nobody answers.</exception>
    Task CheckAsync(string registry, NetworkCredential credential, CtrRegistryOptions options, CancellationToken cancellationToken);
}
