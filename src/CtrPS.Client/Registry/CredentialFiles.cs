using System.Net;
using System.Text;
using System.Text.Json.Nodes;

namespace CtrPS.Client.Registry;

/// <summary>
/// The credentials of docker's and podman's files and of docker's helpers. Each is read when it is asked for: logins come and go.
/// </summary>
/// <param name="places">Where they are.</param>
internal sealed class CredentialFiles(Func<CredentialPlaces> places) : ICredentialSource, IRegistryLogins
{
    private const string Auths = "auths";

    /// <inheritdoc/>
    public async ValueTask<RegistryCredential?> FindAsync(string host, string? repository, CancellationToken cancellationToken)
    {
        CredentialPlaces here = places();
        foreach (CredentialPlace place in here.All)
        {
            if (CredentialFile.Read(place) is not { } file)
            {
                continue;
            }

            if (file.HelperFor(host, repository) is { } name)
            {
                var helper = CredentialHelper.Open(name, here.ProgramFolders, place);
                foreach (string server in ServersOf(host))
                {
                    if (await helper.GetAsync(server, cancellationToken).ConfigureAwait(false) is { } kept)
                    {
                        return kept;
                    }
                }
            }

            if (file.Find(host, repository) is { } found)
            {
                return found;
            }
        }

        return null;
    }

    /// <inheritdoc/>
    public string RegistryOf(string text) => RegistryNames.FromName(text);

    /// <inheritdoc/>
    public IReadOnlyList<string> Names() =>
    [
        .. places().All
            .Select(CredentialFile.Read)
            .OfType<CredentialFile>()
            .SelectMany(file => file.Keys.Concat(file.Helpers.Select(helper => helper.Key)))
            .Select(CredentialFile.RegistryOf)
            .Distinct()
            .Order(StringComparer.Ordinal),
    ];

    /// <inheritdoc/>
    public async Task<IReadOnlyList<CtrRegistryLogin>> ListAsync(CancellationToken cancellationToken)
    {
        CredentialPlaces here = places();
        List<CtrRegistryLogin> all = [];
        foreach (CredentialPlace place in here.All)
        {
            if (CredentialFile.Read(place) is not { } file)
            {
                continue;
            }

            foreach ((string name, Func<string, bool> isFor) in HelpersOf(file))
            {
                IReadOnlyDictionary<string, string> users =
                    await CredentialHelper.Open(name, here.ProgramFolders, place).ListAsync(cancellationToken).ConfigureAwait(false);
                all.AddRange(users.Where(pair => isFor(CredentialFile.RegistryOf(pair.Key))).Select(pair => Describe(
                    place, CredentialFile.RegistryOf(pair.Key), name, new RegistryCredential
                    {
                        User = pair.Value == CredentialFile.TokenUser ? "" : pair.Value,
                    })));
            }

            all.AddRange(file.Keys.Select(key => (Registry: CredentialFile.RegistryOf(key), Login: file.Read(key)))
                .Where(one => one.Login is not null)
                .Select(one => Describe(place, one.Registry, null, one.Login!)));
        }

        // Docker Desktop keeps several for its hub: the tokens of one login.
        return
        [
            .. all.DistinctBy(one => (one.Registry, one.User, one.Kind, one.Helper, one.File)).OrderBy(one => one.Registry, StringComparer.Ordinal),
        ];
    }

    /// <inheritdoc/>
    public CtrRegistryLogin PlaceOf(string registry)
    {
        CredentialPlace own = places().Own;
        return Describe(own, registry, CredentialFile.Read(own)?.HelperFor(registry, null), new RegistryCredential());
    }

    /// <inheritdoc/>
    public async Task<CtrRegistryLogin> StoreAsync(string registry, NetworkCredential credential, CancellationToken cancellationToken)
    {
        CredentialPlaces here = places();
        string user = credential.UserName;
        if (user.Contains(':') || user.Contains('\0'))
        {
            throw new CtrException(
                CtrErrorIds.InvalidArgument, CtrStatus.InvalidArgument, $"The user '{user}' has a colon, which no registry takes in a name.")
            {
                Target = registry,
            };
        }

        CtrRegistryLogin login = Describe(here.Own, registry, CredentialFile.Read(here.Own)?.HelperFor(registry, null), new RegistryCredential
        {
            User = user == CredentialFile.TokenUser ? "" : user,
        });
        string key = ServersOf(registry)[0];
        if (login.Helper is { } name)
        {
            await CredentialHelper.Open(name, here.ProgramFolders, here.Own)
                .StoreAsync(key, user, credential.Password, cancellationToken)
                .ConfigureAwait(false);
            return login;
        }

        _ = await CredentialWriter.ChangeAsync(here.Own, Keep, cancellationToken).ConfigureAwait(false);
        return login;

        bool Keep(JsonObject document)
        {
            if (document[Auths] is not JsonObject auths)
            {
                document[Auths] = auths = [];
            }

            // One login a registry: whatever way it was written before.
            Remove(auths, here.Own, registry);
            auths[key] = user == CredentialFile.TokenUser
                ? new JsonObject { ["identitytoken"] = credential.Password }
                : new JsonObject { ["auth"] = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{credential.Password}")) };
            return true;
        }
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<CtrRegistryLogin>> EraseAsync(string registry, CancellationToken cancellationToken)
    {
        CredentialPlaces here = places();
        List<CtrRegistryLogin> gone = [];
        foreach (CredentialPlace place in here.All.Where(place => place.Path is not null))
        {
            if (CredentialFile.Read(place) is not { } file)
            {
                continue;
            }

            if (file.HelperFor(registry, null) is { } name)
            {
                var helper = CredentialHelper.Open(name, here.ProgramFolders, place);
                foreach (string server in ServersOf(registry))
                {
                    if (await helper.GetAsync(server, cancellationToken).ConfigureAwait(false) is { } kept)
                    {
                        await helper.EraseAsync(server, cancellationToken).ConfigureAwait(false);
                        gone.Add(Describe(place, registry, name, kept));
                    }
                }
            }

            // Another one who logs out at the same time may be first.
            if (file.Has(registry) && await CredentialWriter.ChangeAsync(
                place, document => document[Auths] is JsonObject auths && Remove(auths, place, registry), cancellationToken).ConfigureAwait(false))
            {
                gone.AddRange(file.Keys.Where(key => CredentialFile.IsOf(place, key, registry)).Select(
                    key => Describe(place, CredentialFile.RegistryOf(key), null, file.Read(key) ?? new RegistryCredential())));
            }
        }

        return gone;
    }

    /// <summary>Takes the keys of a registry out; also the empty ones that docker leaves where a helper has the secret.</summary>
    private static bool Remove(JsonObject auths, CredentialPlace place, string registry)
    {
        string[] keys = [.. auths.Select(pair => pair.Key).Where(key => CredentialFile.IsOf(place, key, registry))];
        foreach (string key in keys)
        {
            auths.Remove(key);
        }

        return keys.Length > 0;
    }

    /// <summary>The helpers of a file, each once, and for which registries it is asked.</summary>
    private static IEnumerable<(string Name, Func<string, bool> IsFor)> HelpersOf(CredentialFile file)
    {
        var own = file.Helpers.ToLookup(pair => pair.Value, pair => CredentialFile.RegistryOf(pair.Key));
        var named = file.Helpers.Select(pair => CredentialFile.RegistryOf(pair.Key)).ToHashSet();
        foreach (IGrouping<string, string> group in own.Where(group => group.Key.Length > 0 && group.Key != file.Store))
        {
            yield return (group.Key, group.Contains);
        }

        if (file.Store is { } store)
        {
            yield return (store, registry => !named.Contains(registry) || own[store].Contains(registry));
        }
    }

    /// <summary>The names by which a helper may have a registry, the one that docker uses first.</summary>
    private static string[] ServersOf(string host) => RegistryNames.Canonical(host) == RegistryNames.DockerHub
        ? [RegistryNames.DockerHubKey, RegistryNames.DockerHub]
        : [host, $"https://{host}"];

    private static CtrRegistryLogin Describe(CredentialPlace place, string registry, string? helper, RegistryCredential login) => new()
    {
        Registry = registry,
        User = login.User,
        Kind = login.BearerToken is not null ? CtrRegistryLoginKind.BearerToken
            : login.User.Length == 0 && login.Secret.Length > 0 ? CtrRegistryLoginKind.IdentityToken
            : CtrRegistryLoginKind.Password,
        Helper = helper,
        File = place.Path,
    };
}
